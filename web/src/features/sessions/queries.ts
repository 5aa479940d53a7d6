import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";
import type { ListSearch } from "./routes";

export type SessionSummary = Schemas["SessionSummary"];

const PAGE = 100;

export function sessionList(search: ListSearch) {
  return infiniteQueryOptions({
    queryKey: ["sessions", "list", search],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/sessions", {
          signal,
          params: {
            query: {
              limit: PAGE,
              status: search.status ?? "all",
              sort: search.sort ?? "started_at",
              ...(search.q === undefined ? {} : { q: search.q }),
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // what changes comes by `useLiveList`
    refetchOnWindowFocus: false,
  });
}

export function sessionQuery(sessionId: string) {
  return queryOptions({
    queryKey: ["sessions", "one", sessionId],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/sessions/{session_id}", { signal, params: { path: { session_id: sessionId } } })),
  });
}

/** What is different in the workspace from what was cloned. */
export function changesQuery(sessionId: string) {
  return queryOptions({
    queryKey: ["sessions", "changes", sessionId],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/sessions/{session_id}/changes", { signal, params: { path: { session_id: sessionId } } })),
    // the agent may be writing while somebody reads: it is asked again by hand, or when one comes back
    staleTime: 15_000,
  });
}
