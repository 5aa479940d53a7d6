import { queryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";

export type SessionSummary = Schemas["SessionSummary"];
export type Permission = Schemas["PermissionResource"];
export type Diagnosis = Schemas["Diagnosis"];
export type Dispatch = Schemas["DispatchResource"];
export type Schedule = Schemas["ScheduleResource"];
type Status = SessionSummary["status"];

/**
 * How often is asked again while the page is looked at; the browser slows it down where it is not. Every tab asks for
 * these, and an owner may list a hundred times a minute in all of them together.
 */
const OFTEN_MS = 5_000;
const LISTS_MS = 10_000;
const SOMETIMES_MS = 15_000;
const SELDOM_MS = 30_000;
const MOST = 200;

export function sessionsIn(status: Status, limit = MOST) {
  return queryOptions({
    queryKey: ["sessions", "dashboard", status, limit],
    queryFn: async ({ signal }) =>
      data(api.GET("/api/v1/sessions", { signal, params: { query: { status, limit, sort: "updated_at" } } })),
    refetchInterval: status === "failed" ? SELDOM_MS : LISTS_MS,
  });
}

/** The latest sessions of all states, by their last change. */
export const latestSessions = queryOptions({
  queryKey: ["sessions", "dashboard", "latest"],
  queryFn: async ({ signal }) =>
    data(api.GET("/api/v1/sessions", { signal, params: { query: { limit: 50, sort: "updated_at" } } })),
  refetchInterval: SOMETIMES_MS,
});

export function permissionsOf(sessionId: string) {
  return queryOptions({
    queryKey: ["sessions", "permissions", sessionId],
    queryFn: async ({ signal }) =>
      data(
        api.GET("/api/v1/sessions/{session_id}/permissions", {
          signal,
          params: { path: { session_id: sessionId }, query: { state: "pending" } },
        }),
      ),
    refetchInterval: OFTEN_MS,
  });
}

export function diagnosisOf(sessionId: string) {
  return queryOptions({
    queryKey: ["sessions", "diagnosis", sessionId],
    queryFn: async ({ signal }) =>
      (await data(
        api.GET("/api/v1/sessions/{session_id}/diagnosis", { signal, params: { path: { session_id: sessionId } } }),
      )) ?? null,
    refetchInterval: SOMETIMES_MS,
  });
}

export const me = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }) => data(api.GET("/api/v1/users/me", { signal })),
  refetchInterval: SELDOM_MS,
});

export const waitingDispatches = queryOptions({
  queryKey: ["dispatches", "waiting"],
  queryFn: async ({ signal }) => data(api.GET("/api/v1/dispatches", { signal, params: { query: { limit: 50 } } })),
  refetchInterval: LISTS_MS,
});

export const latestDispatches = queryOptions({
  queryKey: ["dispatches", "latest"],
  queryFn: async ({ signal }) =>
    data(api.GET("/api/v1/dispatches", { signal, params: { query: { waiting: false, limit: 50 } } })),
  refetchInterval: SELDOM_MS,
});

export const allSchedules = queryOptions({
  queryKey: ["schedules", "dashboard"],
  queryFn: async ({ signal }) => data(api.GET("/api/v1/schedules", { signal, params: { query: { limit: MOST } } })),
  refetchInterval: SELDOM_MS,
});
