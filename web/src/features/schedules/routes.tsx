import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: "/schedules",
  component: lazyRouteComponent(() => import("./list/ScheduleList"), "ScheduleList"),
});

const create = createRoute({
  getParentRoute: () => shellRoute,
  path: "/schedules/new",
  validateSearch: (search: Record<string, unknown>): { recipe?: string } =>
    typeof search.recipe === "string" ? { recipe: search.recipe } : {},
  component: lazyRouteComponent(() => import("./form/NewSchedule"), "NewSchedule"),
});

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: "/schedules/$scheduleId",
  validateSearch: (search: Record<string, unknown>): { tab?: "settings" } =>
    search.tab === "settings" ? { tab: "settings" } : {},
  component: lazyRouteComponent(() => import("./page/SchedulePage"), "SchedulePage"),
});

export const scheduleRoutes = [list, create, one] as const;
