import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Schemas } from "../../../../api/client";
import type { Session } from "../../../../api/events/frames";
import { bytes, cores } from "../../../../ui/format";
import { Meter } from "../../../../ui/Meter";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { Card } from "./Card";
import { Spark } from "./Spark";
import { pointsOf } from "./samples";
import { useUsage } from "./useUsage";
import classes from "./details.module.css";

/** What it uses of what it may, now and over time; after the end, what it used (S9). */
export function UsageCard({ session, used }: { session: Session; used: Schemas["ResourcesInUse"] }) {
  const { t } = useTranslation();
  const ended = session.ended_at != null;
  const usage = useUsage(session.session_id, ended);
  const samples = usage.data?.samples ?? [];
  const rows = [
    {
      name: t("sessions.cpu"),
      now: used.cpu_usage,
      limit: used.cpu_limit,
      say: cores,
      points: pointsOf(samples.map(({ at, cpu_usage }) => ({ at, value: cpu_usage }))),
    },
    {
      name: t("sessions.memory"),
      now: used.memory_usage,
      limit: used.memory_limit,
      say: bytes,
      points: pointsOf(samples.map(({ at, memory_usage }) => ({ at, value: memory_usage }))),
    },
  ];
  return (
    <Card
      title={t("detail.usage")}
      aside={
        used.sampled_at != null && (
          <Text size="xs" c="dimmed">
            <RelativeTime at={used.sampled_at} />
          </Text>
        )
      }
    >
      {rows.map(({ name, now, limit, say, points }) => (
        <div key={name} className={classes.usage}>
          <Text size="sm" c="dimmed">
            {name}
          </Text>
          <Spark points={points} limit={limit} name={name} say={say} />
          {now == null || ended ? <span /> : <Meter value={now / limit} label={name} width="100%" />}
          <Text size="sm" className="numbers" ta="right">
            {now == null || ended ? say(limit) : `${say(now)} / ${say(limit)}`}
          </Text>
        </div>
      ))}
      {!used.limits_enforced && (
        <Text size="xs" c="dimmed">
          {t("sessions.notEnforced")}
        </Text>
      )}
    </Card>
  );
}
