import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { language } from "../../i18n";
import { clockTime, exactTime } from "../../ui/format";
import { RelativeTime } from "../../ui/RelativeTime";
import classes from "./dashboard.module.css";
import type { Schedule, SessionSummary } from "./queries";
import { endOf } from "./words";

/** «15:00» today, «明日 3:00», else the day: short enough for a narrow column. */
function when(at: Date, now = new Date()): string {
  const day = (moment: Date): number => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const days = Math.round((day(at) - day(now)) / 86_400_000);
  const time = clockTime(at, language());
  if (days === 0) return time;
  if (Math.abs(days) === 1) {
    return `${new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day")} ${time}`;
  }
  return new Intl.DateTimeFormat(language(), { month: "numeric", day: "numeric" }).format(at);
}

export function NextRuns({ schedules }: { schedules: readonly Schedule[] }) {
  return (
    <ul className={`card ${classes.list}`}>
      {schedules.map((schedule) => (
        <li key={schedule.schedule_id} className={classes.run}>
          <Text size="sm" className={`numbers ${classes.runTime}`}>
            {when(new Date(schedule.next_run_at ?? 0))}
          </Text>
          <Link className={classes.plain} to={`/schedules/${encodeURIComponent(schedule.schedule_id)}` as string}>
            {schedule.name}
          </Link>
          <Text size="xs" c="dimmed" ml="auto" style={{ whiteSpace: "nowrap" }}>
            <RelativeTime at={schedule.next_run_at ?? ""} />
          </Text>
        </li>
      ))}
    </ul>
  );
}

export function Recent({ sessions }: { sessions: readonly SessionSummary[] }) {
  const { t } = useTranslation();
  return (
    <ul className={`card ${classes.list}`}>
      {sessions.map((session) => {
        const at = session.ended_at ?? session.updated_at;
        return (
          <li key={session.session_id} className={classes.recent}>
            <span className={classes.dot} data-state={session.status} aria-hidden />
            <div className={classes.who}>
              <Link className={classes.name} to="/sessions/$sessionId" params={{ sessionId: session.session_id }}>
                {session.name}
              </Link>
              <Text size="xs" c="dimmed" truncate>
                {endOf(session, t)}
              </Text>
            </div>
            <Text size="xs" c="dimmed" ml="auto" className="numbers" style={{ whiteSpace: "nowrap" }}>
              <time dateTime={at} title={exactTime(new Date(at), language())}>
                {when(new Date(at))}
              </time>
            </Text>
          </li>
        );
      })}
    </ul>
  );
}
