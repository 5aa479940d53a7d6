import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";

const MOST = 200;

/** The latest sessions, in which is searched here; and those with these words in their name or id, however old. */
export function foundSessions(name: string) {
  return queryOptions({
    queryKey: ["sessions", "finder", name],
    queryFn: async ({ signal }) => {
      const of = (query: { limit: number; q?: string }) =>
        data(api.GET("/api/v1/sessions", { signal, params: { query: { sort: "updated_at", ...query } } }));
      const [latest, named] = await Promise.all([
        of({ limit: MOST }),
        name === "" ? undefined : of({ limit: 10, q: name.slice(0, 100) }),
      ]);
      const all = new Map<string, Schemas["SessionSummary"]>();
      for (const each of [...(named?.sessions ?? []), ...latest.sessions]) all.set(each.session_id, each);
      return [...all.values()];
    },
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });
}
