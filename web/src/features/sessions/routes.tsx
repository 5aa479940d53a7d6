import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";
import { STATUSES, type Status } from "./status";

export interface ListSearch {
  status?: Status;
  name?: string;
  sort?: "updated_at";
}

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions",
  validateSearch: (search: Record<string, unknown>): ListSearch => ({
    ...(STATUSES.includes(search.status as Status) ? { status: search.status as Status } : {}),
    ...(typeof search.name === "string" && search.name !== "" ? { name: search.name } : {}),
    ...(search.sort === "updated_at" ? { sort: "updated_at" as const } : {}),
  }),
  component: lazyRouteComponent(() => import("./list/SessionList"), "SessionList"),
});

const create = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions/new",
  component: lazyRouteComponent(() => import("./create/CreateSession"), "CreateSession"),
});

export const TABS = ["chat", "details"] as const;
export type Tab = (typeof TABS)[number];

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions/$sessionId",
  validateSearch: (search: Record<string, unknown>): { tab?: Tab } =>
    search.tab === "details" ? { tab: "details" } : {},
  component: lazyRouteComponent(() => import("./page/SessionPage"), "SessionPage"),
});

export const sessionRoutes = [list, create, one] as const;
