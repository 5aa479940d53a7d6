import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { language } from "../../../../i18n";
import { bytes, clockTime } from "../../../../ui/format";
import classes from "../ended.module.css";
import { Card } from "./Card";
import { pathOf, pointsOf } from "./samples";
import { useUsage } from "./useUsage";

const WIDTH = 600;
const HEIGHT = 140;
/** The limit is a dashed line with some air above it. */
const AIR = 1.1;

/** How an ended session's memory went against its limit, until its end. */
export function MemoryCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const usage = useUsage(session.session_id, true);
  const limit = session.resources.memory_limit;
  const points = pointsOf((usage.data?.samples ?? []).map(({ at, memory_usage }) => ({ at, value: memory_usage })));
  const path = pathOf(points, limit * AIR, WIDTH, HEIGHT);
  const [first, last] = [points[0], points.at(-1)];
  if (path === "" || first === undefined || last === undefined) return null;
  const peak = Math.max(...points.map((each) => each.value));
  const top = HEIGHT - HEIGHT / AIR;
  return (
    <Card title={t("detail.memoryOver")} aside={<Text size="xs" c="var(--cc-failed)" className="numbers">{t("detail.limit", { limit: bytes(limit) })}</Text>}>
      <svg
        className={classes.graph}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("detail.graph", { name: t("sessions.memory"), peak: bytes(peak), limit: bytes(limit) })}
      >
        <path d={`${path}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`} className={classes.area} />
        <path d={path} className={classes.line} />
        <path d={`M0,${top.toFixed(1)}H${WIDTH}`} className={classes.limit} />
      </svg>
      <div className={`numbers ${classes.scale}`}>
        <span>{clockTime(new Date(first.at), language())}</span>
        <span>{clockTime(new Date(last.at), language())}</span>
      </div>
    </Card>
  );
}
