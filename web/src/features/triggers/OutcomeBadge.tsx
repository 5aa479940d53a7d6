import { useTranslation } from "react-i18next";

import classes from "../../ui/ui.module.css";

/** Of a delivery or of a run: green went, blue is done, amber waits, red failed, grey is nothing, hollow was there before. */
const STATES: Record<string, string> = {
  processing: "pending",
  waiting: "pending",
  dispatched: "running",
  running: "running",
  succeeded: "completed",
  failed: "failed",
  interrupted: "terminated",
  ignored: "terminated",
  cancelled: "terminated",
  skipped: "terminated",
  missed: "pending",
  duplicate: "hollow",
  erased: "hollow",
};

export function OutcomeBadge({ outcome, would = false }: { outcome: string; would?: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={classes.badge} data-state={STATES[outcome] ?? "terminated"}>
      <span className={classes.badgeDot} aria-hidden />
      {t(`triggers.${would ? "wouldBe" : "outcome"}.${outcome}`, { defaultValue: outcome })}
    </span>
  );
}
