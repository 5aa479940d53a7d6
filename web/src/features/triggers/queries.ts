import { queryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";

export type Dispatch = Schemas["DispatchResource"];

/** Everything of the caller that waits for its turn, oldest first. */
export function waitingQuery() {
  return queryOptions({
    queryKey: ["dispatches", "waiting"],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/dispatches", { signal, params: { query: { waiting: true, limit: 100 } } })),
    refetchInterval: 5_000,
  });
}
