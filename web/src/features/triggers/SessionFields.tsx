import { Autocomplete, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { POLICIES, SIZES, sizeOf, type SessionValues, type Size } from "./session";
import classes from "./triggers.module.css";

export interface FieldsOf {
  values: SessionValues;
  errors: Record<string, React.ReactNode>;
  change: (change: Partial<SessionValues>) => void;
}

/** The sessions that are made: where they work, with how much, for how long, with whose leave, and until when they are kept. */
export function SessionFields({ values, errors, change, repositoryHelp }: FieldsOf & { repositoryHelp: string }) {
  const { t } = useTranslation();
  const text = (name: "repository" | "branch") => ({
    value: values[name],
    error: errors[`session.${name}`],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => change({ [name]: event.currentTarget.value }),
  });
  const size = sizeOf(values);
  return (
    <>
      <div className={classes.pair}>
        <TextInput label={t("triggers.repository")} description={repositoryHelp} placeholder="owner/name" {...text("repository")} />
        <TextInput label={t("triggers.branch")} description={t("triggers.branchHelp")} placeholder={t("triggers.branchDefault")} {...text("branch")} />
      </div>
      <div className={classes.pair}>
        <Select
          label={t("triggers.size.label")}
          allowDeselect={false}
          value={size}
          error={errors["session.cpu"] ?? errors["session.memory"]}
          data={[
            ...(Object.keys(SIZES) as Size[]).map((each) => ({ value: each, label: t(`triggers.size.${each}`) })),
            ...(size === "own" ? [{ value: "own", label: `${values.cpu} CPU · ${values.memory}` }] : []),
          ]}
          onChange={(chosen) => {
            if (chosen !== null && chosen !== "own") change(SIZES[chosen as keyof typeof SIZES]);
          }}
        />
        <NumberInput
          label={t("triggers.timeout")}
          description={t("triggers.timeoutHelp")}
          min={0}
          max={43_200}
          allowDecimal={false}
          value={values.timeoutMinutes}
          error={errors["session.timeoutMinutes"]}
          onChange={(value) => change({ timeoutMinutes: value === "" ? "" : Number(value) })}
        />
      </div>
      <div className={classes.pair}>
        <Select
          label={t("triggers.policy.label")}
          description={t(`triggers.policy.help.${values.policy}`)}
          allowDeselect={false}
          value={values.policy}
          error={errors["session.policy"]}
          data={POLICIES.map((each) => ({ value: each, label: t(`triggers.policy.${each}`) }))}
          onChange={(chosen) => {
            if (chosen !== null) change({ policy: chosen as SessionValues["policy"] });
          }}
        />
        <Autocomplete
          label={t("triggers.agent")}
          description={t("triggers.agentHelp")}
          placeholder={t("triggers.agentDefault")}
          data={["claude-code", "codex", "gemini-cli", "opencode", "demo"]}
          value={values.agent}
          error={errors["session.agent"]}
          onChange={(agent) => change({ agent })}
        />
      </div>
      {values.policy === "rules" && (
        <div className={classes.pair}>
          <TagsInput
            label={t("triggers.allow")}
            description={t("triggers.allowHelp")}
            placeholder="Bash(npm test:*)"
            value={values.allow}
            error={errors["session.allow"]}
            onChange={(allow) => change({ allow })}
            splitChars={["\n"]}
            acceptValueOnBlur
          />
          <TagsInput
            label={t("triggers.deny")}
            description={t("triggers.denyHelp")}
            placeholder="WebFetch"
            value={values.deny}
            error={errors["session.deny"]}
            onChange={(deny) => change({ deny })}
            splitChars={["\n"]}
            acceptValueOnBlur
          />
        </div>
      )}
      <div className={classes.pair}>
        <NumberInput
          label={t("triggers.deleteAfter")}
          description={t("triggers.deleteAfterHelp")}
          placeholder={t("triggers.never")}
          min={1}
          max={8_760}
          allowDecimal={false}
          value={values.deleteAfterHours}
          error={errors["session.deleteAfterHours"]}
          disabled={values.deleteOnComplete}
          onChange={(value) => change({ deleteAfterHours: value === "" ? "" : Number(value) })}
        />
        <Switch
          mt={24}
          label={t("triggers.deleteOnComplete")}
          description={t("triggers.deleteOnCompleteHelp")}
          checked={values.deleteOnComplete}
          onChange={(event) => change({ deleteOnComplete: event.currentTarget.checked })}
        />
      </div>
      <Textarea
        label={t("triggers.setup")}
        description={t("triggers.setupHelp")}
        autosize
        minRows={2}
        maxRows={12}
        spellCheck={false}
        classNames={{ input: classes.monoInput ?? "" }}
        value={values.setupScript}
        error={errors["session.setupScript"]}
        onChange={(event) => change({ setupScript: event.currentTarget.value })}
      />
    </>
  );
}
