import { Button, Checkbox, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";
import { sessionQuery } from "../queries";

/** Deleting asks about the volume and about waiting, and says what is lost and what stays (S10). */
export function DeleteDialog({
  session,
  close,
  done,
}: {
  session: { session_id: string; name: string };
  close: () => void;
  done?: () => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const found = useQuery(sessionQuery(session.session_id));
  const whole = found.data;
  const [chosen, setChosen] = useState<boolean>();
  const [force, setForce] = useState(false);
  const hasVolume = whole?.volume_id != null || whole?.config.pvc_enabled === true;
  const volumeToo = chosen ?? whole?.config.pvc_retain !== true;
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/sessions/{session_id}", {
        params: {
          path: { session_id: session.session_id },
          query: { force, ...(hasVolume ? { delete_pvc: volumeToo } : {}) },
        },
      }),
    onSuccess: async () => {
      toastDone(t("sessions.deleted", { name: session.name }));
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      close();
      done?.();
    },
    onError: toastProblem,
  });
  const open = whole !== undefined && whole.ended_at == null;
  return (
    <Modal
      opened
      onClose={close}
      title={t("session.deleteTitle", { name: session.name })}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Stack gap="md">
        <Text size="sm" className="prose">
          {t(open ? "session.deleteOpen" : "session.deleteEnded")}
        </Text>
        <List size="sm" spacing={4}>
          {open && <List.Item>{t("detail.loseWork")}</List.Item>}
          {whole !== undefined && <List.Item>{t(hasVolume && !volumeToo ? "detail.keepFiles" : "detail.loseFiles")}</List.Item>}
          <List.Item>{t("detail.keepHistory")}</List.Item>
        </List>
        {hasVolume && (
          <Checkbox
            label={t("session.deleteVolume")}
            description={t("session.deleteVolumeHelp")}
            checked={volumeToo}
            onChange={(event) => setChosen(event.currentTarget.checked)}
          />
        )}
        {open && (
          <Checkbox
            label={t("session.force")}
            description={t("session.forceHelp")}
            checked={force}
            onChange={(event) => setForce(event.currentTarget.checked)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button color="red" disabled={found.isPending} loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("action.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
