import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";
import { storedOf } from "../../sessions/create/stored";
import { changes, countOf } from "../../triggers/changes";
import { fieldErrors } from "../../triggers/problems";
import triggers from "../../triggers/triggers.module.css";
import { showFirstError, useTriggerForm } from "../../triggers/useTriggerForm";
import { webhookQuery } from "../queries";
import { bodyOf, FIELDS, valuesOf, type Webhook, type WebhookValues } from "../values";
import { checkWebhook } from "./check";
import { WebhookForm } from "./WebhookForm";

/** The form of a webhook that there is: only what was changed is sent. */
export function EditWebhook({ webhook, delivery, close }: { webhook: Webhook; delivery: string | undefined; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // the state that the person began with, whatever is refreshed behind
  const [initial] = useState(() => valuesOf(webhook));
  const [stored] = useState(() => storedOf(webhook.config));
  const { form, changeSession, forget } = useTriggerForm<WebhookValues>({
    initial,
    draft: `webhook.${webhook.webhook_id}`,
    validate: (values) => checkWebhook(values, t, stored),
  });
  const changed = changes(bodyOf(initial, stored), bodyOf(form.values, stored));
  const count = countOf(changed);
  const save = useMutation({
    mutationFn: () =>
      data(
        api.PATCH("/api/v1/webhooks/{webhook_id}", {
          params: { path: { webhook_id: webhook.webhook_id } },
          body: changed,
        }),
      ),
    onSuccess: (saved) => {
      forget();
      queries.setQueryData(webhookQuery(webhook.webhook_id).queryKey, saved);
      void queries.invalidateQueries({ queryKey: ["webhooks", "list"] });
      toastDone(t("triggers.saved"));
      close();
    },
    onError: (error) => {
      const refused = fieldErrors(error, FIELDS, form.values.session);
      form.setErrors(refused);
      if (Object.keys(refused).length === 0) toastProblem(error);
      else showFirstError();
    },
  });
  return (
    <WebhookForm
      form={form}
      changeSession={changeSession}
      submit={() => (count === 0 ? close() : save.mutate())}
      problem={save.error}
      stored={stored}
      webhookId={webhook.webhook_id}
      delivery={delivery}
      bar={
        <div className={triggers.bar}>
          {count > 0 && (
            <Text span className={triggers.dirty ?? ""}>
              {t("triggers.unsaved", { count })}
            </Text>
          )}
          <Button
            variant="default"
            onClick={() => {
              forget();
              close();
            }}
          >
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={count === 0}>
            {t("action.save")}
          </Button>
        </div>
      }
    />
  );
}
