import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, data } from "../../api/client";

const PAGE = 50;
const LIVE_MS = 5_000;

export function scheduleList() {
  return infiniteQueryOptions({
    queryKey: ["schedules", "list"],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET("/api/v1/schedules", { signal, params: { query: { limit: PAGE, offset: pageParam } } })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_offset,
    refetchInterval: LIVE_MS,
  });
}

export function scheduleQuery(scheduleId: string) {
  return queryOptions({
    queryKey: ["schedules", "one", scheduleId],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/schedules/{schedule_id}", { signal, params: { path: { schedule_id: scheduleId } } })),
    refetchInterval: LIVE_MS,
  });
}

export function runList(scheduleId: string) {
  return infiniteQueryOptions({
    queryKey: ["schedules", "runs", scheduleId],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/schedules/{schedule_id}/runs", {
          signal,
          params: { path: { schedule_id: scheduleId }, query: { limit: PAGE, offset: pageParam } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_offset,
    refetchInterval: LIVE_MS,
  });
}

/** The next times of an expression in its zone, as the scheduler would have them. */
export function previewQuery(asked: { cron: string; timezone: string; starts_at?: string; ends_at?: string }) {
  return queryOptions({
    queryKey: ["schedules", "preview", asked],
    queryFn: ({ signal }) => data(api.POST("/api/v1/schedules/preview", { signal, body: { ...asked, count: 5 } })),
    enabled: asked.cron !== "",
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}
