import { infiniteQueryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";

export type ApiKey = Schemas["ApiKey"];

const PAGE = 50;

export const apiKeys = infiniteQueryOptions({
  queryKey: ["api-keys"],
  queryFn: async ({ pageParam, signal }) =>
    data(api.GET("/api/v1/api-keys", { signal, params: { query: { limit: PAGE, offset: pageParam } } })),
  initialPageParam: 0,
  getNextPageParam: (page) => page.next_offset,
});
