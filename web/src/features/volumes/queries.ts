import { infiniteQueryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";

export type Volume = Schemas["VolumeResource"];

const PAGE = 50;
const DELETING_MS = 3_000;

/** The volumes that are there, newest first; asked again while one of them goes away. */
export const volumeList = infiniteQueryOptions({
  queryKey: ["volumes"],
  queryFn: ({ pageParam, signal }) =>
    data(api.GET("/api/v1/volumes", { signal, params: { query: { limit: PAGE, offset: pageParam } } })),
  initialPageParam: 0,
  getNextPageParam: (page) => page.next_offset ?? undefined,
  refetchInterval: (query) =>
    query.state.data?.pages.some((page) => page.volumes.some((volume) => volume.deleting)) === true ? DELETING_MS : false,
});
