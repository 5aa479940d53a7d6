import { useTranslation } from "react-i18next";

import { language } from "../../../i18n";
import { RelativeTime } from "../../../ui/RelativeTime";
import { useSessionSummary } from "../../triggers/summary";
import { dayTime, offsetOf, ownZone } from "../../triggers/times";
import triggers from "../../triggers/triggers.module.css";
import { useNow } from "../../triggers/useNow";
import { EnabledSwitch } from "../EnabledSwitch";
import classes from "../schedules.module.css";
import { useCronWords } from "../useCronWords";
import { valuesOf, type Schedule } from "../values";

/** When it runs, and what it does then. */
export function Summary({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const { session } = valuesOf(schedule);
  const summary = useSessionSummary(session);
  const now = useNow();
  const words = useCronWords(schedule.cron);
  return (
    <div className={`card ${classes.summary}`}>
      <div className={classes.summaryHead}>
        <div>
          <strong>{words ?? schedule.cron}</strong>
          <div className={triggers.sub}>
            <span className={triggers.mono}>{schedule.cron}</span> · {schedule.timezone}
          </div>
        </div>
        <EnabledSwitch schedule={schedule} />
      </div>
      <dl className={triggers.facts}>
        <dt>{t("schedules.column.next")}</dt>
        <dd>
          {!schedule.enabled ? (
            t("schedules.stopped")
          ) : schedule.next_run_at === null ? (
            t("schedules.over")
          ) : (
            <>
              {dayTime(new Date(schedule.next_run_at), now, language())} (
              <RelativeTime at={schedule.next_run_at} />)
              {offsetOf(schedule.timezone, now) !== offsetOf(ownZone(), now) && (
                <div className={triggers.sub}>
                  {schedule.timezone}: {dayTime(new Date(schedule.next_run_at), now, language(), schedule.timezone)}
                </div>
              )}
            </>
          )}
        </dd>
        <dt>{t("triggers.reuse.title")}</dt>
        <dd>
          {t(`triggers.reuse.${session.reuse}`)}
          {session.reuse === "named" && ` · ${session.sessionId}`}
        </dd>
        <dt>{t("triggers.session")}</dt>
        <dd>{summary}</dd>
        <dt>{t("schedules.overlap.short")}</dt>
        <dd>{t(`schedules.overlap.${schedule.overlap}`)}</dd>
        <dt>{t("schedules.message")}</dt>
        <dd className={classes.message}>{schedule.message}</dd>
      </dl>
    </div>
  );
}
