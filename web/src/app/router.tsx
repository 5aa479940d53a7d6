import { createRouter } from "@tanstack/react-router";

import { dashboardRoutes } from "../features/dashboard/routes";
import { scheduleRoutes } from "../features/schedules/routes";
import { sessionRoutes } from "../features/sessions/routes";
import { settingsRoutes } from "../features/settings/routes";
import { volumeRoutes } from "../features/volumes/routes";
import { webhookRoutes } from "../features/webhooks/routes";
import { Broken } from "./Away";
import { NotFound } from "./NotFound";
import { missingRoute, rootRoute, shellRoute, signInRoute } from "./routes";

/** Every screen has an address of its own; what belongs to a filter, a page or an open panel is in it as well. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    shellRoute.addChildren([
      ...dashboardRoutes,
      ...sessionRoutes,
      ...webhookRoutes,
      ...scheduleRoutes,
      ...volumeRoutes,
      ...settingsRoutes,
      missingRoute,
    ]),
  ]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  // a screen that breaks leaves the frame around it standing
  defaultErrorComponent: Broken,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
