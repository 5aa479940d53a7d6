import { Group, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { CreateForm } from "./form";

/** What it is called, and what it works on. */
export function Basics({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput label={t("create.name")} description={t("create.nameHelp")} {...form.getInputProps("name")} />
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <TextInput
          label={t("create.repository")}
          placeholder="owner/name"
          inputMode="url"
          autoCapitalize="off"
          spellCheck={false}
          miw={220}
          {...form.getInputProps("repository")}
        />
        <TextInput
          label={t("create.branch")}
          placeholder={t("create.branchDefault")}
          autoCapitalize="off"
          spellCheck={false}
          miw={160}
          {...form.getInputProps("branch")}
        />
      </Group>
    </>
  );
}
