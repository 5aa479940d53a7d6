import { Button, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import triggers from "../../triggers/triggers.module.css";
import { SCHEDULE_RECIPES } from "../recipes";

/** Where nothing is yet: what a schedule is for, and what people begin with. */
export function FirstSchedule() {
  const { t } = useTranslation();
  return (
    <>
      <div>
        <Title order={2}>{t("schedules.emptyTitle")}</Title>
        <Text c="dimmed" className="prose" maw={640}>
          {t("schedules.emptyHelp")}
        </Text>
      </div>
      <div className={triggers.cards}>
        {SCHEDULE_RECIPES.map((recipe, index) => (
          <section key={recipe} className={`card ${triggers.recipe}`}>
            <Title order={3}>{t(`schedules.recipe.${recipe}.title`)}</Title>
            <Text size="sm" c="dimmed" className="prose">
              {t(`schedules.recipe.${recipe}.help`)}
            </Text>
            <Button
              variant={index === 0 ? "filled" : "default"}
              renderRoot={(props) => <Link {...props} to="/schedules/new" search={{ recipe }} />}
            >
              {t("triggers.useRecipe")}
            </Button>
          </section>
        ))}
        <section className={`card ${triggers.recipe}`}>
          <Title order={3}>{t("schedules.recipe.own.title")}</Title>
          <Text size="sm" c="dimmed" className="prose">
            {t("schedules.recipe.own.help")}
          </Text>
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/schedules/new" />}>
            {t("schedules.new")}
          </Button>
        </section>
      </div>
    </>
  );
}
