import { Fieldset, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Environment } from "../sessions/create/Environment";
import { McpServers } from "../sessions/create/McpServers";
import type { Part } from "../sessions/create/part";
import type { Stored } from "../sessions/create/stored";
import { Volume } from "../sessions/create/Volume";
import { FoldedSection } from "./Section";
import type { SessionValues } from "./session";
import { useAdvancedSummary } from "./summary";
import classes from "./triggers.module.css";

/** What the sessions are given to work with, beyond what most need: the same fields as of a session that is made by hand. */
export function AdvancedFields({ form, stored, wrong }: { form: Part<SessionValues>; stored: Stored | undefined; wrong: boolean }) {
  const { t } = useTranslation();
  const summary = useAdvancedSummary(form.values);
  const known = stored === undefined ? {} : { stored };
  const { volume, keep, volumeFrom, reuse } = form.values;
  return (
    <FoldedSection title={t("triggers.advanced.title")} summary={summary} wrong={wrong}>
      <div className={classes.pair}>
        <TextInput
          label={t("create.model")}
          description={t("create.modelHelp")}
          autoCapitalize="off"
          spellCheck={false}
          {...form.getInputProps("model")}
        />
        <TextInput
          label={t("triggers.advanced.image")}
          description={t("triggers.advanced.imageHelp")}
          autoCapitalize="off"
          spellCheck={false}
          {...form.getInputProps("image")}
        />
      </div>
      <div>
        <Volume form={form} {...known} />
        {volume && reuse === "new" && (keep || volumeFrom !== "") && (
          <Text size="xs" c="dimmed" pl={28} mt={4} className="prose">
            {t(volumeFrom === "" ? "triggers.advanced.keepsEach" : "triggers.advanced.oneAtATime")}
          </Text>
        )}
      </div>
      <Fieldset variant="unstyled" legend={t("create.env.title")} className={classes.group ?? ""}>
        <Environment form={form} {...known} />
      </Fieldset>
      <Fieldset variant="unstyled" legend={t("create.mcp.title")} className={classes.group ?? ""}>
        <McpServers form={form} {...known} />
      </Fieldset>
    </FoldedSection>
  );
}
