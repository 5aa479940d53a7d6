import type { FormErrors } from "@mantine/form";
import type { TFunction } from "i18next";

import type { Stored } from "../../sessions/create/stored";
import { checkName, checkSession } from "../../triggers/check";
import type { WebhookValues } from "../values";

export function checkWebhook(values: WebhookValues, t: TFunction, stored?: Stored): FormErrors {
  return {
    ...checkName(values.name, t),
    ...(values.events.length === 0 ? { events: t("webhooks.error.events") } : {}),
    ...(values.perHour === "" ? { perHour: t("triggers.error.number") } : {}),
    ...checkSession(values.session, t, stored),
  };
}
