import { ActionIcon, Menu, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck, IconClockPlus, IconDots, IconGitBranch, IconPlayerStop, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import type { LiveView } from "../../../api/events/live";
import { StatusBadge } from "../../../ui/StatusBadge";
import { toastDone, toastProblem } from "../../../ui/toast";
import { shortRepository } from "../list/SessionRow";
import { ConnectionMark } from "./ConnectionMark";
import { DeleteDialog } from "./DeleteDialog";
import { TimeLeft } from "./TimeLeft";
import classes from "./page.module.css";

const EXTENSION_MINUTES = 30;

/** What is looked at, how it is, and what can be done about it (S6, S7). */
export function SubHeader({ sessionId, view, retry }: { sessionId: string; view: LiveView; retry: () => void }) {
  const { t } = useTranslation();
  const [deleting, dialog] = useDisclosure(false);
  const { session } = view;
  const params = { path: { session_id: sessionId } };
  const stop = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/stop", { params }),
    onSuccess: () => toastDone(t("sessions.stopped", { name: session?.name ?? "" })),
    onError: toastProblem,
  });
  const complete = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/complete", { params }),
    onError: toastProblem,
  });
  const extend = useMutation({
    mutationFn: (minutes: number) =>
      api.PATCH("/api/v1/sessions/{session_id}", { params, body: { timeout_minutes: minutes } }),
    onSuccess: () => toastDone(t("session.extended", { minutes: EXTENSION_MINUTES })),
    onError: toastProblem,
  });
  if (session === undefined) return <div className={classes.sub} aria-busy />;
  const open = session.ended_at == null;
  const limit = session.config.timeout_minutes;
  return (
    <div className={classes.sub}>
      <h1 className={classes.name}>{session.name}</h1>
      <StatusBadge status={session.status} />
      {session.repository != null && (
        <Text size="xs" c="dimmed" className={classes.where} visibleFrom="sm">
          {shortRepository(session.repository)}
          {session.branch != null && (
            <>
              {" "}
              <IconGitBranch size={12} aria-hidden /> {session.branch}
            </>
          )}
        </Text>
      )}
      <div className={classes.right}>
        <ConnectionMark state={view.connection} retry={retry} />
        {open && session.deadline_at != null && <TimeLeft session={session} />}
        {open && limit > 0 && session.deadline_at != null && (
          <Tooltip label={t("session.extendBy", { minutes: EXTENSION_MINUTES })}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={32}
              loading={extend.isPending}
              aria-label={t("session.extendBy", { minutes: EXTENSION_MINUTES })}
              onClick={() => extend.mutate(limit + EXTENSION_MINUTES)}
            >
              <IconClockPlus size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={t("action.more")}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconPlayerStop size={16} aria-hidden />}
              disabled={!open || session.stop_requested != null}
              onClick={() => stop.mutate()}
            >
              {t("action.stop")}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconCheck size={16} aria-hidden />}
              disabled={session.status !== "running" || session.stop_requested != null}
              onClick={() => complete.mutate()}
            >
              {t("action.complete")}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={dialog.open}>
              {t("action.delete")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <DeleteDialog session={session} opened={deleting} close={dialog.close} />
      </div>
    </div>
  );
}
