import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import { quantity } from "../../ui/format";
import { toastDone, toastProblem } from "../../ui/toast";
import type { Volume } from "./queries";

/** The files are gone after this, and nothing brings them back: so it is asked. */
export function DeleteVolume({ volume, close }: { volume: Volume; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const name = volume.session_name ?? volume.session_id;
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/volumes/{volume_id}", { params: { path: { volume_id: volume.volume_id } } }),
    onSuccess: () => {
      toastDone(t("volumes.deleted", { name }));
      close();
    },
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["volumes"] }),
  });
  return (
    <Modal opened onClose={close} title={t("volumes.deleteTitle", { name })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Stack gap="md">
        <Text size="sm">{t("volumes.deleteHelp", { size: quantity(volume.size) })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("action.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
