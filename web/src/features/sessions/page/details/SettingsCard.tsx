import { Button, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { Problem } from "../../../../api/problem";
import { usePatch } from "../usePatch";
import { Card } from "./Card";

/** The two settings that can be changed of a session that is there. */
export function SettingsCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const patch = usePatch(session.session_id);
  const open = session.ended_at == null;
  const now = { name: session.name, minutes: session.config.timeout_minutes };
  const form = useForm({
    initialValues: now,
    validate: { name: (value) => (value.trim() === "" ? t("detail.needName") : value.length > 200 ? t("create.tooLong") : null) },
  });
  const changes = {
    ...(form.values.name.trim() === now.name ? {} : { name: form.values.name.trim() }),
    ...(!open || Number(form.values.minutes) === now.minutes ? {} : { timeout_minutes: Number(form.values.minutes) }),
  };
  const save = (): void =>
    patch.mutate(changes, {
      onError: (error) => {
        const fields = error instanceof Problem && Array.isArray(error.details.fields) ? error.details.fields : [];
        for (const each of fields as { field?: string; problem?: string }[])
          form.setFieldError(each.field === "timeout_minutes" ? "minutes" : "name", each.problem ?? "");
      },
    });
  return (
    <Card title={t("detail.settings")}>
      <form onSubmit={form.onSubmit(save)} noValidate>
        <Stack gap="sm">
          <TextInput label={t("detail.name")} {...form.getInputProps("name")} />
          {open && (
            <NumberInput
              label={t("detail.minutes")}
              description={t("detail.minutesHelp")}
              min={0}
              max={43_200}
              allowDecimal={false}
              {...form.getInputProps("minutes")}
            />
          )}
          <Group>
            <Button type="submit" variant="default" loading={patch.isPending} disabled={Object.keys(changes).length === 0}>
              {t("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
