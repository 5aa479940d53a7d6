/** A line through samples, as a path of an SVG; pure. */

export interface Point {
  at: number;
  value: number;
}

const MOST_POINTS = 240;

/** The samples that have a number, in order; when there are many, the highest of each group, so that no peak is lost. */
export function pointsOf(samples: readonly { at: string; value: number | null | undefined }[]): Point[] {
  const all = samples
    .flatMap(({ at, value }) => (value == null ? [] : [{ at: Date.parse(at), value }]))
    .sort((one, other) => one.at - other.at);
  if (all.length <= MOST_POINTS) return all;
  const group = Math.ceil(all.length / MOST_POINTS);
  const kept: Point[] = [];
  for (let start = 0; start < all.length; start += group) {
    kept.push(all.slice(start, start + group).reduce((most, each) => (each.value > most.value ? each : most)));
  }
  return kept;
}

/** `M0,10L5,4`: over the width by time, up to `most` at the top. */
export function pathOf(points: readonly Point[], most: number, width: number, height: number): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2 || most <= 0) return "";
  const span = Math.max(1, last.at - first.at);
  const place = ({ at, value }: Point): string => {
    const x = ((at - first.at) / span) * width;
    const y = height - Math.min(1, Math.max(0, value / most)) * height;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  return `M${points.map(place).join("L")}`;
}
