import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

/** Opens the machine's own dialog for choosing files. */
export function AttachButton({ add, named = false }: { add: (files: Iterable<File>) => void; named?: boolean }) {
  const { t } = useTranslation();
  const picker = useRef<HTMLInputElement>(null);
  const open = (): void => picker.current?.click();
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          if (event.currentTarget.files !== null) add([...event.currentTarget.files]);
          // so that the same file can be chosen again
          event.currentTarget.value = "";
        }}
      />
      {named ? (
        <Button variant="default" size="xs" leftSection={<IconPaperclip size={16} aria-hidden />} onClick={open}>
          {t("chat.files.add")}
        </Button>
      ) : (
        <Tooltip label={t("chat.files.add")}>
          <ActionIcon variant="subtle" color="gray" size={32} aria-label={t("chat.files.add")} onClick={open}>
            <IconPaperclip size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </>
  );
}
