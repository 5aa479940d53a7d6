import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { CreateForm } from "./form";
import classes from "./create.module.css";

/** What it is called, and what it works on. */
export function Basics({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput label={t("create.name")} description={t("create.nameHelp")} {...form.getInputProps("name")} />
      <div className={classes.pair}>
        <TextInput
          label={t("create.repository")}
          placeholder="owner/name"
          inputMode="url"
          autoCapitalize="off"
          spellCheck={false}
          {...form.getInputProps("repository")}
        />
        <TextInput
          label={t("create.branch")}
          placeholder={t("create.branchDefault")}
          autoCapitalize="off"
          spellCheck={false}
          {...form.getInputProps("branch")}
        />
      </div>
    </>
  );
}
