import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { toastDone, toastProblem } from "../../ui/toast";
import type { Delivery } from "./queries";

/** One that is on its way, or was another one's repeat, has nothing of its own to be done again. */
export function canReplay(delivery: Pick<Delivery, "outcome" | "event">): boolean {
  return !["processing", "waiting", "duplicate"].includes(delivery.outcome) && delivery.event !== "ping";
}

/** Has a delivery processed again, by the webhook as it is now. */
export function useReplay(webhookId: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (deliveryId: string) =>
      data(
        api.POST("/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", {
          params: { path: { webhook_id: webhookId, delivery_id: deliveryId } },
        }),
      ),
    onSuccess: () => toastDone(t("webhooks.replayed")),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
}
