import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Asks before something is gone, and says what stays. */
export function ConfirmDelete({
  title,
  children,
  opened,
  close,
  remove,
  removing,
}: {
  title: string;
  children: string;
  opened: boolean;
  close: () => void;
  remove: () => void;
  removing: boolean;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Stack gap="md">
        <Text size="sm" className="prose">
          {children}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {t("action.cancel")}
          </Button>
          <Button color="red" loading={removing} onClick={remove}>
            {t("action.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
