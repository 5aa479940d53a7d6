import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { shellRoute } from "../../app/routes";
import { STATUSES, type Status } from "./status";

/** So long may be what is looked for. */
export const MOST_LETTERS = 100;

export interface ListSearch {
  status?: Status;
  /** Words of the name or the id. */
  q?: string;
  sort?: "updated_at";
}

const list = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions",
  validateSearch: (search: Record<string, unknown>): ListSearch => ({
    ...(STATUSES.includes(search.status as Status) ? { status: search.status as Status } : {}),
    ...(typeof search.q === "string" && search.q !== "" ? { q: search.q.slice(0, MOST_LETTERS) } : {}),
    ...(search.sort === "updated_at" ? { sort: "updated_at" as const } : {}),
  }),
  component: lazyRouteComponent(() => import("./list/SessionList"), "SessionList"),
});

const create = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions/new",
  validateSearch: (search: Record<string, unknown>): { volume?: string; from?: string } => ({
    ...(typeof search.volume === "string" && search.volume !== "" ? { volume: search.volume } : {}),
    ...(typeof search.from === "string" && search.from !== "" ? { from: search.from } : {}),
  }),
  component: lazyRouteComponent(() => import("./create/CreateSession"), "CreateSession"),
});

const HISTORY_STATUSES = ["completed", "failed", "terminated"] as const;

const history = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions/history",
  validateSearch: (search: Record<string, unknown>): { status?: (typeof HISTORY_STATUSES)[number] } => {
    const status = HISTORY_STATUSES.find((each) => each === search.status);
    return status === undefined ? {} : { status };
  },
  component: lazyRouteComponent(() => import("./history/History"), "History"),
});

export const TABS = ["chat", "changes", "details", "logs", "timeline"] as const;
export type Tab = (typeof TABS)[number];

export function isTab(value: unknown): value is Tab {
  return TABS.some((tab) => tab === value);
}

const one = createRoute({
  getParentRoute: () => shellRoute,
  path: "/sessions/$sessionId",
  validateSearch: (search: Record<string, unknown>): { tab?: Tab } =>
    isTab(search.tab) && search.tab !== "chat" ? { tab: search.tab } : {},
  component: lazyRouteComponent(() => import("./page/SessionPage"), "SessionPage"),
});

export const sessionRoutes = [list, create, history, one] as const;
