import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { Problem } from "../../api/problem";
import { toastDone, toastProblem } from "../../ui/toast";
import type { Dispatch, Permission, SessionSummary } from "./queries";
import { markSeen } from "./seen";

/** What a row of the dashboard offers: one main action at the right edge, quiet ones left of it. */

function OpenLink({ session, label, quiet }: { session: SessionSummary; label: string; quiet: boolean }) {
  return (
    <Button
      variant={quiet ? "subtle" : "default"}
      color="gray"
      c="var(--mantine-color-text)"
      size="xs"
      aria-label={`${label}: ${session.name}`}
      renderRoot={(props) => <Link {...props} to="/sessions/$sessionId" params={{ sessionId: session.session_id }} />}
    >
      {label}
    </Button>
  );
}

export function LookActions({ session, label }: { session: SessionSummary; label: string }) {
  return <OpenLink session={session} label={label} quiet={false} />;
}

export function PermissionActions({ session, permission }: { session: SessionSummary; permission: Permission }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const answer = useMutation({
    mutationFn: (option: string) =>
      api.POST("/api/v1/sessions/{session_id}/permissions/{permission_id}", {
        params: { path: { session_id: session.session_id, permission_id: permission.permission_id } },
        body: { option },
      }),
    onError: (error) => {
      if (error instanceof Problem && error.code === "CONFLICT") toastDone(t("dashboard.answeredElsewhere"));
      else toastProblem(error);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const offered = new Set(permission.options.map((option) => option.kind));
  const busy = answer.isPending || answer.isSuccess;
  return (
    <>
      <OpenLink session={session} label={t("dashboard.seeChat")} quiet />
      {offered.has("reject_once") && (
        <Button
          variant="default"
          c="var(--cc-failed)"
          size="xs"
          disabled={busy}
          aria-label={`${t("dashboard.reject")}: ${permission.title}`}
          onClick={() => answer.mutate("reject_once")}
        >
          {t("dashboard.reject")}
        </Button>
      )}
      {offered.has("allow_once") && (
        <Button
          size="xs"
          disabled={busy}
          aria-label={`${t("dashboard.allowOnce")}: ${permission.title}`}
          onClick={() => answer.mutate("allow_once")}
        >
          {t("dashboard.allowOnce")}
        </Button>
      )}
    </>
  );
}

export function FailedActions({ session, seenKey }: { session: SessionSummary; seenKey: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/sessions/{session_id}/recreate", {
          params: { path: { session_id: session.session_id } },
          body: { resume: false },
        }),
      ),
    onSuccess: async (made) => {
      markSeen(seenKey);
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: toastProblem,
  });
  return (
    <>
      <Seen seenKey={seenKey} name={session.name} />
      <Button
        variant="subtle"
        color="gray"
        c="var(--mantine-color-text)"
        size="xs"
        loading={again.isPending}
        aria-label={`${t("action.recreate")}: ${session.name}`}
        onClick={() => again.mutate()}
      >
        {t("action.recreate")}
      </Button>
      <OpenLink session={session} label={t("dashboard.seeCause")} quiet={false} />
    </>
  );
}

export function DispatchActions({ dispatch, seenKey }: { dispatch: Dispatch; seenKey: string }) {
  const { t } = useTranslation();
  const { kind, id, name } = dispatch.source;
  const path = kind === "webhook" ? `/webhooks/${encodeURIComponent(id)}` : `/schedules/${encodeURIComponent(id)}`;
  return (
    <>
      <Seen seenKey={seenKey} name={name} />
      <Button variant="default" size="xs" component={Link} to={path as string} aria-label={`${t("action.open")}: ${name}`}>
        {t("action.open")}
      </Button>
    </>
  );
}

function Seen({ seenKey, name }: { seenKey: string; name: string }) {
  const { t } = useTranslation();
  return (
    <Button
      variant="subtle"
      color="gray"
      c="dimmed"
      size="xs"
      aria-label={`${t("dashboard.seen")}: ${name}`}
      onClick={() => markSeen(seenKey)}
    >
      {t("dashboard.seen")}
    </Button>
  );
}

export function CancelDispatch({ dispatch }: { dispatch: Dispatch }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/dispatches/{dispatch_id}", { params: { path: { dispatch_id: dispatch.dispatch_id } } }),
    onSuccess: () => toastDone(t("dashboard.cancelled", { name: dispatch.source.name })),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["dispatches"] }),
  });
  return (
    <Button
      variant="default"
      size="compact-sm"
      loading={cancel.isPending}
      aria-label={`${t("dashboard.takeOut")}: ${dispatch.source.name}`}
      onClick={() => cancel.mutate()}
    >
      {t("dashboard.takeOut")}
    </Button>
  );
}
