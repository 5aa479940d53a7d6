export const scheduleRoutes = [] as const;
