import { Group, Stack, Text, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { AttachButton } from "../../attachments/AttachButton";
import { AttachedFiles } from "../../attachments/AttachedFiles";
import type { Attachments } from "../../attachments/useAttachments";
import { useFileDrop } from "../../attachments/useFileDrop";
import type { CreateForm } from "./form";

/** What is said first, with files: they are on their way while the rest of the form is filled in. */
export function FirstMessage({ form, attached }: { form: CreateForm; attached: Attachments }) {
  const { t } = useTranslation();
  const drop = useFileDrop(attached.add);
  return (
    <Stack gap={6} {...drop.onto}>
      <Textarea
        label={t("create.message")}
        description={t("create.messageHelp")}
        autosize
        minRows={3}
        maxRows={12}
        onPaste={drop.onPaste}
        {...form.getInputProps("message")}
      />
      <AttachedFiles files={attached.files} remove={attached.remove} />
      <Group gap="sm">
        <AttachButton add={attached.add} named />
        <Text size="xs" c="dimmed" visibleFrom="sm">
          {t("create.filesHelp")}
        </Text>
      </Group>
    </Stack>
  );
}
