import { useTranslation } from "react-i18next";

import type { Session } from "../../../api/events/frames";
import { language } from "../../../i18n";
import { bytes, clockTime, duration } from "../../../ui/format";
import { useUsage } from "./details/useUsage";
import classes from "./ended.module.css";

const HIGH = 0.9;

/** The four numbers of an end: how much, how long, when, and with which code. */
export function EndFacts({ session, endedAt, exitCode }: { session: Session; endedAt: string; exitCode: string | undefined }) {
  const { t } = useTranslation();
  const usage = useUsage(session.session_id, true);
  const peak = Math.max(0, ...(usage.data?.samples ?? []).map((each) => each.memory_usage ?? 0));
  const limit = session.resources.memory_limit;
  const facts = [
    { name: t("detail.peak"), text: peak > 0 ? `${bytes(peak)} / ${bytes(limit)}` : "—", high: peak > limit * HIGH },
    { name: t("detail.ran"), text: session.run_seconds == null ? "—" : duration(session.run_seconds, language()) },
    { name: t("detail.endedAt"), text: clockTime(new Date(endedAt), language()) },
    { name: t("detail.exitCode"), text: exitCode ?? "—" },
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, text, high = false }) => (
        <div key={name} data-high={high}>
          <dt>{name}</dt>
          <dd className="numbers">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
