import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";

const volumes = createRoute({
  getParentRoute: () => shellRoute,
  path: "/volumes",
  component: lazyRouteComponent(() => import("./Volumes"), "Volumes"),
});

export const volumeRoutes = [volumes] as const;
