import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { changesQuery, sessionQuery } from "../queries";
import { useSessionActions } from "./useSessionActions";

const NAMED = 3;

/** Stopping is asked about, for it cannot be taken back: what is interrupted, and which files go with it. */
export function StopDialog({ session, close }: { session: { session_id: string; name: string }; close: () => void }) {
  const { t } = useTranslation();
  const found = useQuery(sessionQuery(session.session_id));
  const lost = found.data !== undefined && found.data.volume_id == null;
  const { stop } = useSessionActions(session.session_id, session.name);
  const running = found.data?.status === "running";
  const changes = useQuery({ ...changesQuery(session.session_id), enabled: lost && running && stop.isIdle, retry: false });
  const files = changes.data?.files ?? [];
  const names = files.slice(0, NAMED).map(({ path }) => path).join(", ");
  return (
    <Modal opened onClose={close} title={t("session.stopTitle", { name: session.name })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Stack gap="md">
        <List size="sm" spacing={4}>
          <List.Item>{t("detail.loseWork")}</List.Item>
          {found.data !== undefined && <List.Item>{t(lost ? "detail.loseFiles" : "session.stopKeepsFiles")}</List.Item>}
          {files.length > 0 && (
            <List.Item>
              <Text span size="sm" className="prose">
                {t("session.stopChanged", { count: files.length, names: files.length > NAMED ? `${names}, …` : names })}
              </Text>
            </List.Item>
          )}
          <List.Item>{t("detail.keepHistory")}</List.Item>
        </List>
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button color="red" loading={stop.isPending} onClick={() => void stop.mutateAsync().then(close, () => undefined)}>
            {t("action.stop")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
