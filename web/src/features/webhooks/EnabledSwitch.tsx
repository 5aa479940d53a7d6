import { Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { toastProblem } from "../../ui/toast";
import { webhookQuery } from "./queries";
import type { Webhook } from "./values";

/** Lets deliveries in, or has them refused. */
export function EnabledSwitch({ webhook, labelled = false }: { webhook: Webhook; labelled?: boolean }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      data(
        api.PATCH("/api/v1/webhooks/{webhook_id}", {
          params: { path: { webhook_id: webhook.webhook_id } },
          body: { enabled },
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(webhookQuery(webhook.webhook_id).queryKey, saved),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", "list"] }),
  });
  const enabled = change.isPending ? change.variables : webhook.enabled;
  return (
    <Switch
      aria-label={`${t("triggers.enabled")}: ${webhook.name}`}
      label={labelled ? t(enabled ? "triggers.enabled" : "triggers.disabled") : undefined}
      checked={enabled}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  );
}
