export const volumeRoutes = [] as const;
