import { Skeleton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { language } from "../../../i18n";
import { duration } from "../../../ui/format";
import { RelativeTime } from "../../../ui/RelativeTime";
import { OutcomeBadge } from "../../triggers/OutcomeBadge";
import { dayTime, ownZone } from "../../triggers/times";
import triggers from "../../triggers/triggers.module.css";
import { useNow } from "../../triggers/useNow";
import { EnabledSwitch } from "../EnabledSwitch";
import classes from "../schedules.module.css";
import { useCronWords } from "../useCronWords";
import type { Run, Schedule } from "../values";

export function ScheduleTable({ rows, loading, selected }: { rows: readonly Schedule[]; loading: boolean; selected: string | undefined }) {
  const { t } = useTranslation();
  return (
    <div className={`card ${triggers.table} ${classes.list}`} role="table" aria-label={t("schedules.title")} aria-busy={loading}>
      <div className={triggers.tableHead} role="row">
        {(["name", "next", "last", "enabled"] as const).map((column) => (
          <span key={column} role="columnheader" data-column={column}>
            {t(`schedules.column.${column}`)}
          </span>
        ))}
      </div>
      {loading
        ? [0, 1, 2].map((index) => (
            <div key={index} className={triggers.row} role="row">
              <span role="cell">
                <Skeleton height={14} width={180} />
              </span>
            </div>
          ))
        : rows.map((schedule) => <Row key={schedule.schedule_id} schedule={schedule} selected={schedule.schedule_id === selected} />)}
    </div>
  );
}

function Row({ schedule, selected }: { schedule: Schedule; selected: boolean }) {
  const { t } = useTranslation();
  const words = useCronWords(schedule.cron);
  return (
    <div className={triggers.row} role="row" data-selected={selected}>
      <div role="cell" data-column="name" className={triggers.cell}>
        <Link
          className={triggers.link}
          to="/schedules/$scheduleId"
          params={{ scheduleId: schedule.schedule_id }}
          aria-current={selected ? "page" : undefined}
        >
          {schedule.name}
        </Link>
        <div className={triggers.sub}>
          {words !== undefined && <span className={classes.words}>{words}</span>}
          <span className={triggers.mono}>{schedule.cron}</span>
          {schedule.timezone !== ownZone() && ` · ${schedule.timezone}`}
        </div>
      </div>
      <div role="cell" data-column="next" className={triggers.cell}>
        <Next schedule={schedule} />
      </div>
      <div role="cell" data-column="last" className={triggers.cell}>
        {schedule.last_run == null ? <span className={triggers.sub}>{t("schedules.neverRan")}</span> : <Last run={schedule.last_run} />}
      </div>
      <div role="cell" data-column="enabled" className={triggers.above}>
        <EnabledSwitch schedule={schedule} />
      </div>
    </div>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  const now = useNow();
  const { t } = useTranslation();
  if (!schedule.enabled) return <span className={triggers.sub}>{t("schedules.stopped")}</span>;
  if (schedule.next_run_at === null) return <span className={triggers.sub}>{t("schedules.over")}</span>;
  return (
    <>
      <span className="numbers">{dayTime(new Date(schedule.next_run_at), now, language())}</span>
      <div className={`${triggers.sub} ${triggers.above}`}>
        <RelativeTime at={schedule.next_run_at} />
      </div>
    </>
  );
}

function Last({ run }: { run: Run }) {
  const now = useNow();
  return (
    <>
      <OutcomeBadge outcome={run.outcome} />
      <div className={`numbers ${triggers.sub}`}>
        {dayTime(new Date(run.started_at ?? run.tick_at), now, language())}
        {run.duration_seconds != null && ` · ${duration(run.duration_seconds, language())}`}
      </div>
    </>
  );
}
