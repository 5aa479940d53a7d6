import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data, type Schemas } from "../../../api/client";
import { language } from "../../../i18n";
import { toastProblem } from "../../../ui/toast";
import { creation } from "../../triggers/changes";
import { Head } from "../../triggers/Head";
import { fieldErrors } from "../../triggers/problems";
import triggers from "../../triggers/triggers.module.css";
import { showFirstError, useTriggerForm } from "../../triggers/useTriggerForm";
import { isRecipe, webhookRecipe } from "../recipes";
import { keepMade } from "../secret/justMade";
import { bodyOf, FIELDS, NEW_WEBHOOK, type WebhookValues } from "../values";
import { checkWebhook } from "./check";
import { WebhookForm } from "./WebhookForm";

const route = getRouteApi("/shell/webhooks/new");

/** A new webhook; its page then says what GitHub has to be told. */
export function NewWebhook() {
  const { recipe } = route.useSearch();
  const navigate = route.useNavigate();
  const done = (made: Schemas["CreatedWebhook"]): void => {
    // from now on it has its own address: whoever loads the page again is not asked to make another one
    keepMade(made);
    void navigate({ to: "/webhooks/$webhookId", params: { webhookId: made.webhook_id }, replace: true });
  };
  return <NewForm key={recipe ?? ""} recipe={recipe} done={done} />;
}

function NewForm({ recipe, done }: { recipe: string | undefined; done: (made: Schemas["CreatedWebhook"]) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [initial] = useState(() => (isRecipe(recipe) ? webhookRecipe(recipe, language()) : NEW_WEBHOOK));
  const { form, changeSession, forget } = useTriggerForm<WebhookValues>({
    initial,
    draft: isRecipe(recipe) ? `webhook.new.${recipe}` : "webhook.new",
    validate: (values) => checkWebhook(values, t),
  });
  const key = useRef(crypto.randomUUID());
  const create = useMutation({
    mutationFn: (values: WebhookValues) =>
      data(
        api.POST("/api/v1/webhooks", {
          params: { header: { "Idempotency-Key": key.current } },
          body: creation(bodyOf(values)) as Schemas["CreateWebhook"],
        }),
      ),
    onSuccess: (made) => {
      forget();
      void queries.invalidateQueries({ queryKey: ["webhooks"] });
      done(made);
    },
    onError: (error, values) => {
      key.current = crypto.randomUUID();
      const refused = fieldErrors(error, FIELDS, values.session);
      form.setErrors(refused);
      if (Object.keys(refused).length === 0) toastProblem(error);
      else showFirstError();
    },
  });
  return (
    <div className="page">
      <Head back={{ link: { to: "/webhooks" }, label: t("webhooks.title") }} title={t("webhooks.newTitle")} />
      <WebhookForm
        form={form}
        changeSession={changeSession}
        submit={(values) => create.mutate(values)}
        problem={create.error}
        bar={
          <div className={triggers.bar}>
            <Button variant="default" renderRoot={(props) => <Link {...props} to="/webhooks" onClick={forget} />}>
              {t("action.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("webhooks.create")}
            </Button>
          </div>
        }
      />
    </div>
  );
}
