import { Badge, Text } from "@mantine/core";
import { IconGitBranch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "../../../ui/RelativeTime";
import { StatusBadge } from "../../../ui/StatusBadge";
import type { SessionSummary } from "../queries";
import { Resources } from "./Resources";
import { RowActions } from "./RowActions";
import classes from "./list.module.css";

/** `https://github.com/acme/api.git` as people say it. */
export function shortRepository(url: string): string {
  return url.replace(/^[a-z+]+:\/\/[^/]+\//, "").replace(/^git@[^:]+:/, "").replace(/\.git$/, "");
}

export const SessionRow = memo(function SessionRow({
  session,
  index,
  top,
}: {
  session: SessionSummary;
  index: number;
  top: number;
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.row} role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <div role="cell" data-column="name" className={classes.name}>
        <Link className={classes.link} to="/sessions/$sessionId" params={{ sessionId: session.session_id }}>
          {session.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {session.repository == null ? (
            session.session_id
          ) : (
            <>
              {shortRepository(session.repository)}
              {session.branch != null && (
                <>
                  {" "}
                  <IconGitBranch size={12} aria-hidden /> {session.branch}
                </>
              )}
            </>
          )}
        </Text>
      </div>
      <div role="cell" data-column="status" className={classes.states}>
        <StatusBadge status={session.status} />
        {session.pending_permissions > 0 && (
          <Badge size="sm" variant="light" color="yellow">
            {t("sessions.permissionWaiting")}
          </Badge>
        )}
        {session.stop_requested != null && session.ended_at == null && (
          <Text size="xs" c="dimmed">
            {t("sessions.ending")}
          </Text>
        )}
        {session.reachable === false && (
          <Text size="xs" c="var(--cc-failed)">
            {t("sessions.unreachable")}
          </Text>
        )}
      </div>
      <div role="cell" data-column="resources">
        <Resources session={session} />
      </div>
      <div role="cell" data-column="created">
        <RelativeTime at={session.created_at} />
      </div>
      <div role="cell" data-column="updated">
        <RelativeTime at={session.updated_at} />
      </div>
      <div role="cell" data-column="actions" className={classes.actions}>
        <RowActions session={session} />
      </div>
    </div>
  );
});
