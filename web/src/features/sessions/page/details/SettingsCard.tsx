import { Button, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { Problem } from "../../../../api/problem";
import { usePatch } from "../usePatch";
import { Card } from "./Card";
import { followed, type Settings } from "./drafts";

/** The two settings that can be changed of a session that is there. */
export function SettingsCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const patch = usePatch(session.session_id);
  const open = session.ended_at == null;
  const name = session.name;
  const minutes = session.config.timeout_minutes;
  const now: Settings = { name, minutes };
  const form = useForm<Settings>({
    initialValues: now,
    validate: { name: (value) => (value.trim() === "" ? t("detail.needName") : value.length > 200 ? t("create.tooLong") : null) },
  });
  const { setValues } = form;
  const [seen, setSeen] = useState(now);
  const [conflicts, setConflicts] = useState<readonly (keyof Settings)[]>([]);
  useEffect(() => {
    const then = { name, minutes };
    if (seen.name === name && seen.minutes === minutes) return;
    const next = followed(form.getValues(), seen, then);
    setSeen(then);
    setValues(next.values);
    setConflicts(next.conflicts);
  }, [name, minutes, seen, form, setValues]);
  const changed = (field: keyof Settings): string | undefined =>
    conflicts.includes(field) ? t("detail.changedMeanwhile", { now: String(now[field]) }) : undefined;
  const changes = {
    ...(form.values.name.trim() === now.name ? {} : { name: form.values.name.trim() }),
    ...(!open || Number(form.values.minutes) === now.minutes ? {} : { timeout_minutes: Number(form.values.minutes) }),
  };
  const save = (): void =>
    patch.mutate(changes, {
      onSuccess: () => setConflicts([]),
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
          <TextInput label={t("detail.name")} description={changed("name")} {...form.getInputProps("name")} />
          {open && (
            <NumberInput
              label={t("detail.minutes")}
              description={changed("minutes") ?? t("detail.minutesHelp")}
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
