import { Button, Text, VisuallyHidden } from "@mantine/core";
import { IconGitBranch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StatusBadge } from "../../ui/StatusBadge";
import { Resources } from "../sessions/list/Resources";
import { shortRepository } from "../sessions/list/SessionRow";
import classes from "./dashboard.module.css";
import type { SessionSummary } from "./queries";
import { TimeShare } from "./TimeShare";
import { workOf } from "./words";

const COLUMNS = ["name", "status", "work", "resources", "time"] as const;

/** What runs and what is being started: at what it is, what it uses, how long it may go on. */
export function Open({ sessions }: { sessions: readonly SessionSummary[] }) {
  const { t } = useTranslation();
  return (
    <div className={`card ${classes.table}`} role="table" aria-label={t("dashboard.open")}>
      <div role="row" className={classes.head}>
        {COLUMNS.map((column) => (
          <span key={column} role="columnheader" data-column={column}>
            {t(`dashboard.column.${column}`)}
          </span>
        ))}
        <span role="columnheader" data-column="actions">
          <VisuallyHidden>{t("dashboard.column.actions")}</VisuallyHidden>
        </span>
      </div>
      {sessions.map((session) => (
        <Row key={session.session_id} session={session} />
      ))}
    </div>
  );
}

function Row({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const work = workOf(session, t);
  return (
    <div role="row" className={classes.row}>
      <div role="cell" data-column="name" className={classes.who}>
        <Link className={classes.name} to="/sessions/$sessionId" params={{ sessionId: session.session_id }}>
          {session.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {session.repository == null ? t("dashboard.noRepository") : shortRepository(session.repository)}
          {session.branch != null && (
            <>
              {" "}
              <IconGitBranch size={12} aria-hidden className={classes.branch} /> {session.branch}
            </>
          )}
        </Text>
      </div>
      <div role="cell" data-column="status">
        <StatusBadge status={session.status} />
      </div>
      <div role="cell" data-column="work">
        <Text size="sm" c={work.concerns ? "var(--cc-pending)" : "var(--mantine-color-text)"}>
          {work.text}
        </Text>
      </div>
      <div role="cell" data-column="resources">
        <Resources session={session} />
      </div>
      <div role="cell" data-column="time">
        <TimeShare session={session} />
      </div>
      <div role="cell" data-column="actions">
        <Button
          variant="default"
          size="compact-sm"
          aria-label={`${t("action.open")}: ${session.name}`}
          renderRoot={(props) => (
            <Link {...props} to="/sessions/$sessionId" params={{ sessionId: session.session_id }} />
          )}
        >
          {t("action.open")}
        </Button>
      </div>
    </div>
  );
}
