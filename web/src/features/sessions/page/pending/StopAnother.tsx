import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../../api/client";
import { Failure } from "../../../../ui/Failure";
import { bytes, cores } from "../../../../ui/format";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { useSessionActions } from "../../actions/useSessionActions";
import type { SessionSummary } from "../../queries";
import { idleFirst } from "./options";
import classes from "./pending.module.css";

const MOST = 200;

/** The owner's running sessions, those that wait for somebody first: one of them may go. */
export function StopAnother({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const found = useQuery({
    queryKey: ["sessions", "to-stop"],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions", {
          signal,
          params: { query: { status: "running", sort: "updated_at", order: "asc", limit: MOST } },
        }),
      ),
  });
  const rows = idleFirst(found.data?.sessions ?? []);
  return (
    <Modal opened onClose={close} title={t("pending.stopTitle")} size="lg" closeButtonProps={{ "aria-label": t("action.close") }}>
      {found.isError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Skeleton height={60} />
      ) : rows.length === 0 ? (
        <Text size="sm">{t("pending.noneRunning")}</Text>
      ) : (
        <ul className={classes.sessions}>
          {rows.map((session) => (
            <Row key={session.session_id} session={session} close={close} />
          ))}
        </ul>
      )}
    </Modal>
  );
}

function Row({ session, close }: { session: SessionSummary; close: () => void }) {
  const { t } = useTranslation();
  const [asked, ask] = useState(false);
  const { stop } = useSessionActions(session.session_id, session.name);
  const { cpu_limit, memory_limit, memory_usage } = session.resources;
  return (
    <li className={classes.session}>
      <Stack gap={2} className={classes.words}>
        <Text size="sm" fw={600} truncate>
          {session.name}
        </Text>
        <Text size="xs" c="dimmed" className="numbers">
          {t(session.agent_state === "ready" ? "pending.idle" : "pending.busy")} · <RelativeTime at={session.updated_at} /> ·{" "}
          {t("pending.holds", { cpu: cores(cpu_limit), memory: bytes(memory_limit) })}
          {memory_usage != null && ` · ${t("pending.uses", { memory: bytes(memory_usage) })}`}
        </Text>
        {asked && (
          <Text size="xs" c="var(--cc-failed)">
            {t("detail.loseWork")}
          </Text>
        )}
      </Stack>
      {asked ? (
        <Group gap="xs" wrap="nowrap">
          <Button
            size="compact-sm"
            color="red"
            loading={stop.isPending}
            aria-label={`${t("pending.stopNow")}: ${session.name}`}
            // the row is gone from the list before its own callbacks would be called
            onClick={() => void stop.mutateAsync().then(close, () => undefined)}
          >
            {t("pending.stopNow")}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => ask(false)}>
            {t("action.cancel")}
          </Button>
        </Group>
      ) : (
        <Button size="compact-sm" variant="default" aria-label={`${t("action.stop")}: ${session.name}`} onClick={() => ask(true)}>
          {t("action.stop")}
        </Button>
      )}
    </li>
  );
}
