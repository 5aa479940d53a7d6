import { useTranslation } from "react-i18next";

import { inLanguage } from "../../i18n";
import type { Delivery } from "./queries";

/** Why a delivery came to what it came to, in a sentence. */
export function useReason(delivery: Delivery): string {
  const { t } = useTranslation();
  const said = inLanguage(delivery.reason_message);
  if (delivery.outcome === "waiting") {
    const place = delivery.place == null ? "" : t("triggers.waiting.place", { place: delivery.place });
    const why = delivery.waiting_for == null ? said : t(`triggers.waiting.for.${delivery.waiting_for}`);
    return [place, why].filter((part) => part !== "").join(" · ");
  }
  if (said !== "") return said;
  if (delivery.outcome === "dispatched") return t("webhooks.wentTo");
  if (delivery.outcome === "cancelled") return t("webhooks.tookBack");
  return delivery.outcome === "processing" ? t("webhooks.inProcess") : (delivery.reason ?? "");
}
