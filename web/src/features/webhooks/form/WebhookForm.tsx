import { Alert, Switch, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { saidOf } from "../../../ui/said";
import { partOf } from "../../sessions/create/part";
import type { Stored } from "../../sessions/create/stored";
import { AdvancedFields } from "../../triggers/AdvancedFields";
import { isWrong } from "../../triggers/parts";
import { fieldErrors, lineOf } from "../../triggers/problems";
import { ReuseFields } from "../../triggers/ReuseFields";
import { FoldedSection, Section } from "../../triggers/Section";
import type { SessionValues } from "../../triggers/session";
import { SessionFields } from "../../triggers/SessionFields";
import { useSessionSummary } from "../../triggers/summary";
import { TemplateEditor } from "../../triggers/TemplateEditor";
import { showFirstError } from "../../triggers/useTriggerForm";
import { FIELDS, type WebhookValues } from "../values";
import classes from "../webhooks.module.css";
import { DryRun } from "./DryRun";
import { EventsField } from "./EventsField";
import { FilterFields } from "./FilterFields";

interface Props {
  form: UseFormReturnType<WebhookValues>;
  changeSession: (change: Partial<SessionValues>) => void;
  submit: (values: WebhookValues) => void;
  problem: unknown;
  /** The secrets that the saved one has. */
  stored?: Stored;
  webhookId?: string;
  delivery?: string | undefined;
  /** The buttons below the form. */
  bar: ReactNode;
}

/** What starts something, what is said then, and to whom; beside it, what would come of a delivery (W1). */
export function WebhookForm({ form, changeSession, submit, problem, stored, webhookId, delivery, bar }: Props) {
  const { t } = useTranslation();
  // what the dry run refuses is told at once at its field; what the form itself knows goes before
  const [refusal, setRefusal] = useState<unknown>();
  const { values } = form;
  const live = fieldErrors(refusal, FIELDS, values.session);
  const errors: Record<string, ReactNode> = { ...live, ...form.errors };
  const line = lineOf(refusal);
  const wrongLine = (field: string): number | undefined => (live[field] === undefined ? undefined : line);
  const summary = useSessionSummary(values.session);
  const said = problem == null ? undefined : saidOf(problem, t);
  const placed = problem != null && Object.keys(fieldErrors(problem, FIELDS, values.session)).length > 0;
  return (
    <div className={classes.split}>
      <form className="card" onSubmit={form.onSubmit(submit, showFirstError)} noValidate aria-label={t("webhooks.form")}>
        {said !== undefined && !placed && (
          <Alert color="red" title={said.title} role="alert" m="md">
            {said.detail}
          </Alert>
        )}
        <Section title={t("webhooks.basics")}>
          <div className={classes.nameRow}>
            <TextInput label={t("triggers.name")} required withAsterisk={false} maxLength={200} {...form.getInputProps("name")} error={errors.name} />
            <Switch
              label={t("triggers.enabled")}
              {...form.getInputProps("enabled", { type: "checkbox" })}
            />
          </div>
        </Section>
        <EventsField
          events={values.events}
          actions={values.actions}
          error={errors.events ?? errors.actions}
          change={(change) => form.setValues(change)}
        />
        <FilterFields form={form} errors={errors} wrongLine={wrongLine("condition")} />
        <Section title={t("webhooks.message.title")} hint={t("webhooks.message.hint")}>
          <TemplateEditor
            label={t("webhooks.message.label")}
            description={t("webhooks.message.help")}
            placeholder={t("webhooks.message.placeholder")}
            events={values.events}
            value={values.message}
            error={errors.message}
            wrongLine={wrongLine("message")}
            onChange={(message) => form.setFieldValue("message", message)}
          />
        </Section>
        <Section title={t("triggers.reuse.title")}>
          <ReuseFields
            values={values.session}
            errors={errors}
            change={changeSession}
            choices={["new", "key", "named", "last"]}
            events={values.events}
          />
        </Section>
        <FoldedSection title={t("triggers.session")} summary={summary} wrong={isWrong("session", form.errors)}>
          <SessionFields values={values.session} errors={errors} change={changeSession} repositoryHelp={t("webhooks.repositoryHelp")} />
        </FoldedSection>
        <AdvancedFields form={partOf(form, "session", errors)} stored={stored} wrong={isWrong("advanced", form.errors)} />
        {bar}
      </form>
      <DryRun values={values} webhookId={webhookId} delivery={delivery} refused={setRefusal} />
    </div>
  );
}
