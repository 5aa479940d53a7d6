import { ActionIcon, Button, Checkbox, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Part } from "./part";
import { NEW_VARIABLE, type Provisions } from "./provisions";
import classes from "./rows.module.css";
import { askedAgain, isKept, NOTHING_STORED, type Stored } from "./stored";
import { valueProps } from "./valueProps";

/** Variables of the session; a secret one is never shown again, here or anywhere. */
export function Environment({ form, stored = NOTHING_STORED }: { form: Part<Pick<Provisions, "env">>; stored?: Stored }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Text size="xs" c="dimmed">
        {t("create.env.help")}
      </Text>
      {form.values.env.length > 0 && (
        <div className={classes.rows}>
          {form.values.env.map((variable, index) => {
            const named = variable.name === "" ? String(index + 1) : variable.name;
            const Input = variable.secret ? PasswordInput : TextInput;
            const again = askedAgain(stored, variable);
            const value = form.getInputProps(`env.${index}.value`);
            return (
              // a row is its place: names change while they are typed
              <div key={index} role="group" aria-label={`${t("create.env.variable")}: ${named}`} className={classes.row}>
                <TextInput
                  aria-label={`${t("create.env.name")} ${index + 1}`}
                  placeholder="NAME"
                  autoCapitalize="off"
                  spellCheck={false}
                  className={classes.name ?? ""}
                  {...form.getInputProps(`env.${index}.name`)}
                />
                <Input
                  aria-label={`${t("create.env.value")}: ${named}`}
                  autoComplete="off"
                  className={classes.value ?? ""}
                  {...value}
                  {...valueProps(t, isKept(stored, variable) && variable.value === "", again === undefined ? value.error : t(again))}
                />
                <Checkbox
                  label={t("create.env.secret")}
                  className={classes.secret ?? ""}
                  {...form.getInputProps(`env.${index}.secret`, { type: "checkbox" })}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={36}
                  className={classes.remove ?? ""}
                  aria-label={`${t("action.delete")}: ${named}`}
                  onClick={() => form.removeListItem("env", index)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </div>
            );
          })}
        </div>
      )}
      <Group>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.insertListItem("env", { ...NEW_VARIABLE })}
        >
          {t("create.env.add")}
        </Button>
      </Group>
    </Stack>
  );
}
