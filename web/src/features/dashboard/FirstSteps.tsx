import { Anchor, Button, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import classes from "./dashboard.module.css";

/** What somebody sees who has nothing yet: what this is for, and the first step. */
export function FirstSteps() {
  const { t } = useTranslation();
  return (
    <section className={`card ${classes.first}`}>
      <Title order={2}>{t("dashboard.first.title")}</Title>
      <Text c="dimmed" className="prose">
        {t("dashboard.first.help")}
      </Text>
      <ol className={classes.steps}>
        {(["create", "talk", "review"] as const).map((step, at) => (
          <li key={step}>
            <span className={classes.stepNumber} aria-hidden>
              {at + 1}
            </span>
            <div>
              <Text size="sm" fw={600}>
                {t(`dashboard.first.${step}`)}
              </Text>
              <Text size="sm" c="dimmed" className="prose">
                {t(`dashboard.first.${step}Help`)}
              </Text>
            </div>
          </li>
        ))}
      </ol>
      <Button component={Link} to="/sessions/new" size="md" leftSection={<IconPlus size={16} aria-hidden />}>
        {t("dashboard.first.action")}
      </Button>
      <Text size="sm" c="dimmed" className="prose">
        {t("dashboard.first.later")}{" "}
        <Anchor component={Link} to={"/webhooks" as string} inherit underline="always">
          {t("nav.webhooks")}
        </Anchor>
        {" · "}
        <Anchor component={Link} to={"/schedules" as string} inherit underline="always">
          {t("nav.schedules")}
        </Anchor>
      </Text>
    </section>
  );
}
