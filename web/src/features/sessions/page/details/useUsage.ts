import { useQuery } from "@tanstack/react-query";

import { api, data } from "../../../../api/client";

const ASK_MS = 10_000;

/** What a session used over time; of one that has ended it changes no more. */
export function useUsage(sessionId: string, ended: boolean) {
  return useQuery({
    queryKey: ["sessions", "usage", sessionId],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/sessions/{session_id}/usage", { signal, params: { path: { session_id: sessionId } } })),
    refetchInterval: ended ? false : ASK_MS,
  });
}
