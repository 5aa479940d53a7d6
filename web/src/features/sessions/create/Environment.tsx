import { ActionIcon, Button, Checkbox, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { CreateForm } from "./form";

/** Variables of the session; a secret one is never shown again, here or anywhere. */
export function Environment({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Text size="xs" c="dimmed">
        {t("create.env.help")}
      </Text>
      {form.values.env.map((variable, index) => {
        const named = variable.name === "" ? String(index + 1) : variable.name;
        const Input = variable.secret ? PasswordInput : TextInput;
        return (
          // a row is its place: names change while they are typed
          <Group key={index} align="flex-start" gap="xs" wrap="nowrap">
            <TextInput
              aria-label={`${t("create.env.name")} ${index + 1}`}
              placeholder="NAME"
              autoCapitalize="off"
              spellCheck={false}
              flex={1}
              {...form.getInputProps(`env.${index}.name`)}
            />
            <Input
              aria-label={`${t("create.env.value")}: ${named}`}
              placeholder={t("create.env.value")}
              autoComplete="off"
              flex={2}
              {...form.getInputProps(`env.${index}.value`)}
            />
            <Checkbox
              label={t("create.env.secret")}
              pt={8}
              {...form.getInputProps(`env.${index}.secret`, { type: "checkbox" })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={`${t("action.delete")}: ${named}`}
              onClick={() => form.removeListItem("env", index)}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        );
      })}
      <Group>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.insertListItem("env", { name: "", value: "", secret: true })}
        >
          {t("create.env.add")}
        </Button>
      </Group>
    </Stack>
  );
}
