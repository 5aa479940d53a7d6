import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import { api, data } from "../../../api/client";
import { sessionList } from "../queries";
import type { ListSearch } from "../routes";
import { merged, missesSome } from "./merge";

const CHANGES = 50;
const CHANGES_MS = 5_000;
const RUNNING = 200;
/** Use is measured every few seconds, and is no change of a session. */
const USE_MS = 15_000;

/** The list, kept true by one short page of what changed last: its cost does not grow with what is loaded (S8). */
export function useLiveList(search: ListSearch) {
  const queries = useQueryClient();
  const options = useMemo(() => sessionList(search), [search]);
  const list = useInfiniteQuery(options);
  const changes = useQuery({
    queryKey: ["sessions", "changes"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions", {
          signal,
          params: { query: { sort: "updated_at", include_deleted: true, limit: CHANGES } },
        }),
      ),
    refetchInterval: CHANGES_MS,
    refetchOnWindowFocus: "always",
  });
  const running = useQuery({
    queryKey: ["sessions", "running"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions", { signal, params: { query: { sort: "updated_at", status: "running", limit: RUNNING } } }),
      ),
    refetchInterval: USE_MS,
  });
  const mark = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (changes.data === undefined) return;
    if (missesSome(changes.data, mark.current)) void queries.invalidateQueries({ queryKey: ["sessions", "list"] });
    mark.current = changes.data.sessions[0]?.updated_at ?? mark.current;
  }, [changes.data, queries]);
  useEffect(() => {
    const rows = [...(running.data?.sessions ?? []), ...(changes.data?.sessions ?? [])];
    queries.setQueryData(options.queryKey, (now) => (now === undefined ? now : merged(now, rows, search)));
  }, [changes.data, running.data, queries, options, search]);
  return list;
}
