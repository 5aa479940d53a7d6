/** An edit as people read it: what went, what came, and around it what stayed; pure. */

export interface Line {
  /** "@": lines that stayed and are left out here. */
  mark: "-" | "+" | " " | "@";
  text: string;
}

const AROUND = 3;
/** Changes further from each other than that are looked for; beyond it the whole middle went and came. */
const MOST_STEPS = 400;

/** The changed lines with three of what stayed around each change, and a mark where more of it is left out between two. */
export function linesOfDiff(before: string, after: string): Line[] {
  const old = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const now = after === "" ? [] : after.replace(/\n$/, "").split("\n");
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first += 1;
  let last = 0;
  while (last < old.length - first && last < now.length - first && old[old.length - 1 - last] === now[now.length - 1 - last]) last += 1;
  const middle = edited(old.slice(first, old.length - last), now.slice(first, now.length - last));
  return [
    ...marked(old.slice(Math.max(0, first - AROUND), first), " "),
    ...shortened(middle),
    ...marked(old.slice(old.length - last, Math.min(old.length, old.length - last + AROUND)), " "),
  ];
}

const marked = (lines: readonly string[], mark: Line["mark"]): Line[] => lines.map((text) => ({ mark, text }));

/** Leaves out what stayed between two changes where it is longer than what is shown around both. */
function shortened(lines: readonly Line[]): Line[] {
  const shown: Line[] = [];
  let at = 0;
  while (at < lines.length) {
    let end = at;
    while (end < lines.length && lines[end]?.mark === " ") end += 1;
    if (end - at > 2 * AROUND) {
      const left = end - at - 2 * AROUND;
      shown.push(...lines.slice(at, at + AROUND), { mark: "@", text: String(left) }, ...lines.slice(end - AROUND, end));
    } else {
      shown.push(...lines.slice(at, end));
    }
    at = end;
    while (at < lines.length && lines[at]?.mark !== " ") shown.push(lines[at++] as Line);
  }
  return shown;
}

/**
 * The fewest lines that went and came (Myers' greedy way): the furthest line reached by so many steps on each diagonal,
 * remembered for each number of steps, then walked back.
 */
function edited(old: readonly string[], now: readonly string[]): Line[] {
  const most = Math.min(old.length + now.length, MOST_STEPS);
  const size = 2 * most + 3;
  const middle = most + 1;
  const reached = new Int32Array(size);
  const trace: Int32Array[] = [];
  for (let steps = 0; steps <= most; steps += 1) {
    trace.push(reached.slice(middle - steps - 1, middle + steps + 2));
    for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
      const down = diagonal === -steps || (diagonal !== steps && at(reached, middle + diagonal - 1) < at(reached, middle + diagonal + 1));
      let x = down ? at(reached, middle + diagonal + 1) : at(reached, middle + diagonal - 1) + 1;
      while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) x += 1;
      reached[middle + diagonal] = x;
      if (x >= old.length && x - diagonal >= now.length) return walkedBack(old, now, trace);
    }
  }
  return [...marked(old, "-"), ...marked(now, "+")];
}

function walkedBack(old: readonly string[], now: readonly string[], trace: readonly Int32Array[]): Line[] {
  const lines: Line[] = [];
  let x = old.length;
  let y = now.length;
  for (let steps = trace.length - 1; steps >= 0; steps -= 1) {
    const reached = trace[steps] as Int32Array;
    const middle = steps + 1;
    const diagonal = x - y;
    const down = diagonal === -steps || (diagonal !== steps && at(reached, middle + diagonal - 1) < at(reached, middle + diagonal + 1));
    const fromX = steps === 0 ? 0 : at(reached, middle + diagonal + (down ? 1 : -1));
    const fromY = steps === 0 ? 0 : fromX - (diagonal + (down ? 1 : -1));
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      lines.push({ mark: " ", text: old[x] ?? "" });
    }
    if (steps === 0) break;
    if (down) lines.push({ mark: "+", text: now[(y -= 1)] ?? "" });
    else lines.push({ mark: "-", text: old[(x -= 1)] ?? "" });
  }
  return lines.reverse();
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}
