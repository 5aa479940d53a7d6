import { NumberInput, Switch, TagsInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Section } from "../../triggers/Section";
import { TemplateEditor } from "../../triggers/TemplateEditor";
import triggers from "../../triggers/triggers.module.css";
import type { WebhookValues } from "../values";

const LISTS = [
  { name: "repositories", example: "acme/*" },
  { name: "branches", example: "main" },
  { name: "labels", example: "ai-review" },
  { name: "senders", example: "alice" },
  { name: "paths", example: "src/**" },
] as const;

/** All of them have to agree; one that is empty lets everything pass. */
export function FilterFields({
  form,
  errors,
  wrongLine,
}: {
  form: UseFormReturnType<WebhookValues>;
  errors: Record<string, ReactNode>;
  wrongLine: number | undefined;
}) {
  const { t } = useTranslation();
  const { values } = form;
  const lists = LISTS.filter(({ name }) => name !== "paths" || values.events.includes("push") || values.paths.length > 0);
  return (
    <Section title={t("webhooks.filters")} hint={t("webhooks.filtersHelp")}>
      <div className={triggers.folded} style={{ paddingTop: 0 }}>
        <div className={triggers.pair}>
          {lists.map(({ name, example }) => (
            <TagsInput
              key={name}
              label={t(`webhooks.filter.${name}`)}
              description={t(`webhooks.filter.help.${name}`)}
              placeholder={values[name].length === 0 ? example : undefined}
              value={values[name]}
              maxTags={100}
              acceptValueOnBlur
              error={errors[name]}
              onChange={(value) => form.setFieldValue(name, value)}
            />
          ))}
        </div>
        <TemplateEditor
          label={t("webhooks.filter.condition")}
          description={t("webhooks.filter.help.condition")}
          placeholder="not pull_request.draft"
          short="expression"
          events={values.events}
          value={values.condition}
          error={errors.condition}
          wrongLine={wrongLine}
          onChange={(condition) => form.setFieldValue("condition", condition)}
        />
        <div className={triggers.pair}>
          <Switch
            mt={4}
            label={t("webhooks.ignoreBots")}
            description={t("webhooks.ignoreBotsHelp")}
            checked={values.ignoreBots}
            onChange={(event) => form.setFieldValue("ignoreBots", event.currentTarget.checked)}
          />
          <NumberInput
            label={t("webhooks.perHour")}
            description={t("webhooks.perHourHelp")}
            min={1}
            max={10_000}
            allowDecimal={false}
            value={values.perHour}
            error={errors.perHour}
            onChange={(value) => form.setFieldValue("perHour", value === "" ? "" : Number(value))}
          />
        </div>
      </div>
    </Section>
  );
}
