import { useTranslation } from "react-i18next";

import { pathOf, type Point } from "./samples";
import classes from "./details.module.css";

const WIDTH = 96;
const HEIGHT = 20;

/** How something went, at a glance; in words for those who do not see it. */
export function Spark({
  points,
  limit,
  name,
  say,
}: {
  points: readonly Point[];
  limit: number;
  name: string;
  say: (value: number) => string;
}) {
  const { t } = useTranslation();
  const peak = Math.max(0, ...points.map((each) => each.value));
  // a line of a small part of the limit would lie flat: the height is the peak's, with some air
  const path = pathOf(points, Math.max(peak * 1.2, limit / 100), WIDTH, HEIGHT);
  if (path === "") return <span />;
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t("detail.graph", { name, peak: say(peak), limit: say(limit) })}
    >
      <path d={`${path}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`} className={classes.area} />
      <path d={path} className={classes.line} />
    </svg>
  );
}
