import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";

const dashboard = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./Dashboard"), "Dashboard"),
});

export const dashboardRoutes = [dashboard] as const;
