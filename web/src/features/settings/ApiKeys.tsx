import { Button, Code, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import { Failure } from "../../ui/Failure";
import { RelativeTime } from "../../ui/RelativeTime";
import { toastDone, toastProblem } from "../../ui/toast";
import { signedIn } from "../auth/session";
import { apiKeys, type ApiKey } from "./keysQuery";
import { NewKey } from "./NewKey";
import { Panel } from "./Panel";
import classes from "./settings.module.css";

/** Keys for programs: made here and shown once, revoked here. */
export function ApiKeys() {
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey>();
  const keys = useInfiniteQuery(apiKeys);
  const rows = keys.data?.pages.flatMap((page) => page.api_keys) ?? [];
  return (
    <Panel
      title={t("settings.keys.title")}
      help={t("settings.keys.help")}
      action={
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
          {t("settings.keys.create")}
        </Button>
      }
    >
      {keys.isError && rows.length === 0 ? (
        <Failure error={keys.error} retry={() => void keys.refetch()} />
      ) : keys.isPending ? (
        <div className={classes.key}>
          <Skeleton height={16} width={220} />
        </div>
      ) : rows.length === 0 ? (
        <div className={classes.key}>
          <Text size="sm" c="dimmed">
            {t("settings.keys.none")}
          </Text>
        </div>
      ) : (
        <ul className={classes.keys}>
          {rows.map((key) => (
            <li key={key.key_id} className={classes.key}>
              <div className={classes.keyName}>
                <Text size="sm" truncate>
                  {key.name}
                </Text>
                <Text size="xs" c="dimmed" component="div">
                  {key.user !== signedIn().user_id && `${key.user} · `}
                  <RelativeTime at={key.created_at} /> · <Code fz={11}>{key.key_id}</Code>
                </Text>
              </div>
              <Button
                variant="subtle"
                color="red"
                size="xs"
                aria-label={`${t("settings.keys.revoke")}: ${key.name}`}
                onClick={() => setRevoking(key)}
              >
                {t("settings.keys.revoke")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {keys.hasNextPage && (
        <Group justify="center" p="sm">
          <Button variant="subtle" size="xs" loading={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
            {t("settings.keys.more")}
          </Button>
        </Group>
      )}
      <NewKey opened={making} close={() => setMaking(false)} />
      <Revoke apiKey={revoking} close={() => setRevoking(undefined)} />
    </Panel>
  );
}

function Revoke({ apiKey, close }: { apiKey: ApiKey | undefined; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: id } } }),
    onSuccess: () => {
      toastDone(t("settings.keys.revoked"));
      close();
    },
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  return (
    <Modal opened={apiKey !== undefined} onClose={close} title={t("settings.keys.revokeTitle", { name: apiKey?.name ?? "" })} closeButtonProps={{ "aria-label": t("action.close") }}>
      <Stack gap="md">
        <Text size="sm" className="prose">
          {t("settings.keys.revokeHelp")}
        </Text>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={close}>
            {t("action.cancel")}
          </Button>
          <Button color="red" loading={revoke.isPending} onClick={() => apiKey !== undefined && revoke.mutate(apiKey.key_id)}>
            {t("settings.keys.revoke")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
