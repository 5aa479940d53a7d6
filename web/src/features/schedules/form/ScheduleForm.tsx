import { Alert, SegmentedControl, Select, Switch, Text, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useId, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { saidOf } from "../../../ui/said";
import { partOf } from "../../sessions/create/part";
import type { Stored } from "../../sessions/create/stored";
import { AdvancedFields } from "../../triggers/AdvancedFields";
import { isWrong } from "../../triggers/parts";
import { fieldErrors } from "../../triggers/problems";
import { ReuseFields } from "../../triggers/ReuseFields";
import { FoldedSection, Section } from "../../triggers/Section";
import type { SessionValues } from "../../triggers/session";
import { SessionFields } from "../../triggers/SessionFields";
import { useSessionSummary } from "../../triggers/summary";
import triggers from "../../triggers/triggers.module.css";
import { showFirstError } from "../../triggers/useTriggerForm";
import { hasFiveFields } from "../cron";
import classes from "../schedules.module.css";
import { bodyOf, FIELDS, OVERLAPS, type ScheduleValues } from "../values";
import { CronField } from "./CronField";

interface Props {
  form: UseFormReturnType<ScheduleValues>;
  changeSession: (change: Partial<SessionValues>) => void;
  submit: (values: ScheduleValues) => void;
  problem: unknown;
  /** The secrets that the saved one has. */
  stored?: Stored;
  /** The buttons below the form. */
  bar: ReactNode;
}

const CATCH_UPS = [0, 600, 1_800, 3_600, 21_600, 86_400, 604_800];
const JITTERS = [0, 60, 120, 300, 900, 3_600];

/** When it runs, what is said then, to whom, and what happens when the run before has not ended (W4). */
export function ScheduleForm({ form, changeSession, submit, problem, stored, bar }: Props) {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<unknown>();
  const overlap = useId();
  const { values } = form;
  const live = fieldErrors(refusal, FIELDS, values.session);
  const errors: Record<string, ReactNode> = {
    ...live,
    ...(live.cron === undefined ? {} : { cron: hasFiveFields(values.cron) ? t("schedules.error.cronWrong", { problem: live.cron }) : t("schedules.error.cronFields") }),
    ...form.errors,
  };
  const summary = useSessionSummary(values.session);
  const said = problem == null ? undefined : saidOf(problem, t);
  const placed = problem != null && Object.keys(fieldErrors(problem, FIELDS, values.session)).length > 0;
  const { starts_at, ends_at } = bodyOf(values);
  const length = (name: "catchUpSeconds" | "jitterSeconds", known: number[], none: string, some: string) => ({
    allowDeselect: false,
    value: String(values[name]),
    error: errors[name],
    data: [...new Set([...known, values[name]])]
      .sort((one, other) => one - other)
      .map((seconds) => ({ value: String(seconds), label: seconds === 0 ? t(none) : t(some, { length: lengthOf(seconds, t) }) })),
    onChange: (value: string | null) => {
      if (value !== null) form.setFieldValue(name, Number(value));
    },
  });
  return (
    <form className="card" onSubmit={form.onSubmit(submit, showFirstError)} noValidate aria-label={t("schedules.form")}>
      {said !== undefined && !placed && (
        <Alert color="red" title={said.title} role="alert" m="md">
          {said.detail}
        </Alert>
      )}
      <Section title={t("schedules.basics")}>
        <div className={classes.nameRow}>
          <TextInput label={t("triggers.name")} maxLength={200} {...form.getInputProps("name")} />
          <Switch label={t("triggers.enabled")} {...form.getInputProps("enabled", { type: "checkbox" })} />
        </div>
      </Section>
      <Section title={t("schedules.when")}>
        <CronField
          cron={values.cron}
          timezone={values.timezone}
          bounds={{
            ...(typeof starts_at === "string" ? { starts_at } : {}),
            ...(typeof ends_at === "string" ? { ends_at } : {}),
          }}
          errors={errors}
          change={(change) => form.setValues(change)}
          refused={setRefusal}
        />
      </Section>
      <Section title={t("schedules.message")}>
        <Textarea
          aria-label={t("schedules.message")}
          description={t("schedules.messageHelp")}
          placeholder={t("schedules.messagePlaceholder")}
          autosize
          minRows={3}
          maxRows={16}
          maxLength={200_000}
          {...form.getInputProps("message")}
        />
      </Section>
      <FoldedSection
        title={t("triggers.session")}
        summary={summary}
        open={values.session.repository === ""}
        wrong={isWrong("session", form.errors)}
      >
        <SessionFields values={values.session} errors={errors} change={changeSession} repositoryHelp={t("schedules.repositoryHelp")} />
      </FoldedSection>
      <AdvancedFields form={partOf(form, "session", errors)} stored={stored} wrong={isWrong("advanced", form.errors)} />
      <Section title={t("triggers.reuse.title")}>
        <ReuseFields values={values.session} errors={errors} change={changeSession} choices={["new", "named", "last"]} />
      </Section>
      <FoldedSection
        title={t("schedules.rules")}
        summary={`${t(`schedules.overlap.${values.overlap}`)} · ${values.catchUpSeconds === 0 ? t("schedules.noCatchUp") : t("schedules.catchUpWithin", { length: lengthOf(values.catchUpSeconds, t) })}`}
      >
        <div>
          <Text size="sm" fw={500} id={overlap} mb={4}>
            {t("schedules.overlap.label")}
          </Text>
          <SegmentedControl
            fullWidth
            aria-labelledby={overlap}
            className={classes.overlap ?? ""}
            value={values.overlap}
            onChange={(value) => form.setFieldValue("overlap", value as ScheduleValues["overlap"])}
            data={OVERLAPS.map((each) => ({ value: each, label: t(`schedules.overlap.${each}`) }))}
          />
          <Text size="xs" c="dimmed" mt={4} className="prose">
            {t(`schedules.overlap.help.${values.overlap}`)}
          </Text>
        </div>
        <div className={triggers.pair}>
          <Select
            label={t("schedules.catchUp")}
            description={t("schedules.catchUpHelp")}
            {...length("catchUpSeconds", CATCH_UPS, "schedules.noCatchUp", "schedules.catchUpWithin")}
          />
          <Select
            label={t("schedules.jitter")}
            description={t("schedules.jitterHelp")}
            {...length("jitterSeconds", JITTERS, "schedules.noJitter", "schedules.jitterUpTo")}
          />
        </div>
        <div className={triggers.pair}>
          <TextInput type="datetime-local" label={t("schedules.startsAt")} description={t("schedules.boundsHelp")} {...form.getInputProps("startsAt")} />
          <TextInput type="datetime-local" label={t("schedules.endsAt")} description={t("schedules.boundsHelp")} {...form.getInputProps("endsAt")} />
        </div>
      </FoldedSection>
      {bar}
    </form>
  );
}

/** «30 分», «6 時間», «7 日»: by the largest unit that is whole. */
function lengthOf(seconds: number, t: (key: string, options: { count: number }) => string): string {
  for (const [unit, size] of [["days", 86_400], ["hours", 3_600], ["minutes", 60]] as const) {
    if (seconds % size === 0) return t(`triggers.length.${unit}`, { count: seconds / size });
  }
  return t("triggers.length.seconds", { count: seconds });
}
