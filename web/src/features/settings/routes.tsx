import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";

const settings = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./Settings"), "Settings"),
});

export const settingsRoutes = [settings] as const;
