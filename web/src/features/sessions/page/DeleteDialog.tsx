import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import type { Session } from "../../../api/events/frames";
import { toastDone, toastProblem } from "../../../ui/toast";

/** Deleting asks about the volume and about waiting, and says what stays (S10). */
export function DeleteDialog({ session, opened, close }: { session: Session; opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const hasVolume = session.volume_id != null;
  const [volumeToo, setVolumeToo] = useState(true);
  const [force, setForce] = useState(false);
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
      close();
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      await navigate({ to: "/sessions" });
    },
    onError: toastProblem,
  });
  return (
    <Modal opened={opened} onClose={close} title={t("session.deleteTitle", { name: session.name })}>
      <Stack gap="md">
        <Text size="sm">{t(session.ended_at == null ? "session.deleteOpen" : "session.deleteEnded")}</Text>
        {hasVolume && (
          <Checkbox
            label={t("session.deleteVolume")}
            description={t("session.deleteVolumeHelp")}
            checked={volumeToo}
            onChange={(event) => setVolumeToo(event.currentTarget.checked)}
          />
        )}
        {session.ended_at == null && (
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
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("action.delete")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
