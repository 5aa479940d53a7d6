import { ActionIcon, Button, Group, Menu, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconGitBranch, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import type { Session } from "../../../api/events/frames";
import type { LiveView } from "../../../api/events/live";
import { Meter } from "../../../ui/Meter";
import { StatusBadge } from "../../../ui/StatusBadge";
import { toastDone, toastProblem } from "../../../ui/toast";
import { ActionItems } from "../actions/ActionItems";
import { DeleteDialog } from "../actions/DeleteDialog";
import { StopDialog } from "../actions/StopDialog";
import { shortRepository } from "../list/SessionRow";
import { ConnectionMark } from "./ConnectionMark";
import { TimeLeft } from "./TimeLeft";
import classes from "./page.module.css";

const EXTENSION_MINUTES = 30;

/** What is looked at, how it is, and what can be done about it (S6, S7). */
export const SubHeader = memo(function SubHeader({
  sessionId,
  session,
  activity,
  connection,
  retry,
}: Pick<LiveView, "session" | "activity" | "connection"> & { sessionId: string; retry: () => void }) {
  const { t } = useTranslation();
  const [deleting, dialog] = useDisclosure(false);
  const [stopping, question] = useDisclosure(false);
  const params = { path: { session_id: sessionId } };
  const navigate = useNavigate();
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
        <ConnectionMark state={connection} retry={retry} />
        <Used session={session} activity={activity} />
        {open && session.deadline_at != null && <TimeLeft session={session} />}
        {open && limit > 0 && session.deadline_at != null && (
          <Tooltip label={t("session.extendBy", { minutes: EXTENSION_MINUTES })}>
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              px={6}
              loading={extend.isPending}
              aria-label={t("session.extendBy", { minutes: EXTENSION_MINUTES })}
              onClick={() => extend.mutate(limit + EXTENSION_MINUTES)}
            >
              {t("detail.addMinutes", { minutes: EXTENSION_MINUTES })}
            </Button>
          </Tooltip>
        )}
        {open && (
          <Button
            variant="default"
            size="compact-sm"
            visibleFrom="sm"
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            disabled={session.stop_requested != null}
            onClick={question.open}
          >
            {t("action.stop")}
          </Button>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={t("action.more")}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <ActionItems session={session} remove={dialog.open} halt={question.open} />
          </Menu.Dropdown>
        </Menu>
        {stopping && <StopDialog session={session} close={question.close} />}
        {deleting && (
          <DeleteDialog session={session} close={dialog.close} done={() => void navigate({ to: "/sessions" })} />
        )}
      </div>
    </div>
  );
});

/** Two small meters of what a running session uses; the details have the numbers. */
function Used({ session, activity }: { session: Session; activity: LiveView["activity"] }) {
  const { t } = useTranslation();
  const used = { ...session.resources, ...activity?.resources };
  if (session.status !== "running" || used.cpu_usage == null || used.memory_usage == null) return null;
  return (
    <Group gap={8} visibleFrom="md" wrap="nowrap" c="dimmed" fz={12}>
      <span>{t("sessions.cpu")}</span>
      <Meter value={used.cpu_usage / used.cpu_limit} label={t("sessions.cpu")} width={48} />
      <span>{t("sessions.memory")}</span>
      <Meter value={used.memory_usage / used.memory_limit} label={t("sessions.memory")} width={48} />
    </Group>
  );
}
