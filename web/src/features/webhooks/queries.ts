import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../api/client";
import type { Outcome } from "./outcomes";

export type Delivery = Schemas["DeliverySummary"];
const PAGE = 50;
const LIVE_MS = 5_000;

export function webhookList() {
  return infiniteQueryOptions({
    queryKey: ["webhooks", "list"],
    queryFn: ({ pageParam, signal }) =>
      data(api.GET("/api/v1/webhooks", { signal, params: { query: { limit: PAGE, offset: pageParam } } })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_offset,
    refetchInterval: LIVE_MS,
  });
}

export function webhookQuery(webhookId: string) {
  return queryOptions({
    queryKey: ["webhooks", "one", webhookId],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/webhooks/{webhook_id}", { signal, params: { path: { webhook_id: webhookId } } })),
    refetchInterval: LIVE_MS,
  });
}

export function deliveryList(webhookId: string, outcome: Outcome | undefined) {
  return infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", webhookId, outcome ?? "all"],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
          signal,
          params: {
            path: { webhook_id: webhookId },
            query: { limit: PAGE, offset: pageParam, ...(outcome === undefined ? {} : { outcome }) },
          },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_offset,
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  });
}

/** How many deliveries came to this. */
export function deliveryCount(webhookId: string, outcome: Outcome) {
  return queryOptions({
    queryKey: ["webhooks", "count", webhookId, outcome],
    queryFn: async ({ signal }) => {
      const page = await data(
        api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
          signal,
          params: { path: { webhook_id: webhookId }, query: { outcome, limit: 1 } },
        }),
      );
      return { total: page.total, capped: page.total_capped ?? false };
    },
    refetchInterval: 3 * LIVE_MS,
  });
}

export function deliveryQuery(webhookId: string, deliveryId: string) {
  return queryOptions({
    queryKey: ["webhooks", "delivery", webhookId, deliveryId],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", {
          signal,
          params: { path: { webhook_id: webhookId, delivery_id: deliveryId }, query: { payload: true } },
        }),
      ),
    // a delivery changes until it has come to something, and when its place does
    refetchInterval: ({ state }) =>
      state.data !== undefined && ["processing", "waiting"].includes(state.data.outcome) ? 2_000 : false,
  });
}

export function examplesQuery() {
  return queryOptions({
    queryKey: ["webhooks", "examples"],
    queryFn: ({ signal }) => data(api.GET("/api/v1/webhooks/examples", { signal })),
    staleTime: Infinity,
  });
}
