import { NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import classes from "./create.module.css";
import type { CreateForm } from "./form";

/** The time limit, who works, and what runs before the work begins. */
export function More({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => data(api.GET("/api/v1/users/me", { signal })),
    staleTime: 60_000,
  });
  return (
    <Stack gap="md">
      <div className={classes.pair}>
        <NumberInput
          label={t("create.timeout")}
          description={t("create.timeoutHelp")}
          min={0}
          max={43_200}
          allowDecimal={false}
          {...form.getInputProps("timeoutMinutes")}
        />
        <Select
          label={t("create.mode")}
          description={t("create.modeHelp")}
          allowDeselect={false}
          data={[
            { value: "interactive", label: t("create.modeInteractive") },
            { value: "task", label: t("create.modeTask") },
          ]}
          {...form.getInputProps("mode")}
        />
      </div>
      <div className={classes.pair}>
        <Select
          label={t("create.agent")}
          description={t("create.agentHelp")}
          clearable
          placeholder={me.data?.default_agent ?? ""}
          data={me.data?.agents ?? []}
          value={form.values.agent === "" ? null : form.values.agent}
          error={form.errors.agent}
          onChange={(value) => form.setFieldValue("agent", value ?? "")}
        />
        <TextInput
          label={t("create.model")}
          description={t("create.modelHelp")}
          spellCheck={false}
          {...form.getInputProps("model")}
        />
      </div>
      <Textarea
        label={t("create.setup")}
        description={t("create.setupHelp")}
        autosize
        minRows={2}
        maxRows={12}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
        {...form.getInputProps("setupScript")}
      />
    </Stack>
  );
}
