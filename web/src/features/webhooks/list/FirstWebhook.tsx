import { Button, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import triggers from "../../triggers/triggers.module.css";
import { WEBHOOK_RECIPES } from "../recipes";

/** Where nothing is yet: what a webhook is for, and what people begin with. */
export function FirstWebhook() {
  const { t } = useTranslation();
  return (
    <>
      <div>
        <Title order={2}>{t("webhooks.emptyTitle")}</Title>
        <Text c="dimmed" className="prose" maw={640}>
          {t("webhooks.emptyHelp")}
        </Text>
      </div>
      <div className={triggers.cards}>
        {WEBHOOK_RECIPES.map((recipe, index) => (
          <section key={recipe} className={`card ${triggers.recipe}`}>
            <Title order={3}>{t(`webhooks.recipe.${recipe}.title`)}</Title>
            <Text size="sm" c="dimmed" className="prose">
              {t(`webhooks.recipe.${recipe}.help`)}
            </Text>
            <Button
              variant={index === 0 ? "filled" : "default"}
              renderRoot={(props) => <Link {...props} to="/webhooks/new" search={{ recipe }} />}
            >
              {t("triggers.useRecipe")}
            </Button>
          </section>
        ))}
        <section className={`card ${triggers.recipe}`}>
          <Title order={3}>{t("webhooks.recipe.own.title")}</Title>
          <Text size="sm" c="dimmed" className="prose">
            {t("webhooks.recipe.own.help")}
          </Text>
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/webhooks/new" />}>
            {t("webhooks.new")}
          </Button>
        </section>
      </div>
    </>
  );
}
