import { Radio, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Reuse } from "./session";
import type { FieldsOf } from "./SessionFields";
import { TemplateEditor } from "./TemplateEditor";

/** Which session is told: each time another, one for each key, one by its name, or the newest (W3). */
export function ReuseFields({
  values,
  errors,
  change,
  choices,
  events,
}: FieldsOf & { choices: readonly Reuse[]; events?: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Radio.Group
        aria-label={t("triggers.reuse.label")}
        value={values.reuse}
        error={errors["session.reuse"]}
        onChange={(reuse) => change({ reuse: reuse as Reuse })}
      >
        <Stack gap="xs">
          {choices.map((reuse) => (
            <Radio key={reuse} value={reuse} label={t(`triggers.reuse.${reuse}`)} description={t(`triggers.reuse.help.${reuse}`)} />
          ))}
        </Stack>
      </Radio.Group>
      {values.reuse === "key" && (
        <TemplateEditor
          label={t("triggers.reuse.keyLabel")}
          description={t("triggers.reuse.keyHelp")}
          placeholder="{{ facts.repository }}#{{ facts.number }}"
          short="text"
          events={events ?? []}
          value={values.reuseKey}
          error={errors["session.reuseKey"]}
          onChange={(reuseKey) => change({ reuseKey })}
        />
      )}
      {values.reuse === "named" && (
        <TextInput
          label={t("triggers.reuse.nameLabel")}
          description={t("triggers.reuse.nameHelp")}
          value={values.sessionId}
          error={errors["session.sessionId"]}
          onChange={(event) => change({ sessionId: event.currentTarget.value })}
        />
      )}
    </Stack>
  );
}
