/** An edit as people read it: what went, what came, and around it what stayed; pure. */

export interface Line {
  mark: "-" | "+" | " ";
  text: string;
}

const AROUND = 3;

/** The lines between the common beginning and the common end; three of what stayed on each side. */
export function linesOfDiff(before: string, after: string): Line[] {
  const old = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const now = after === "" ? [] : after.replace(/\n$/, "").split("\n");
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first += 1;
  let last = 0;
  while (last < old.length - first && last < now.length - first && old[old.length - 1 - last] === now[now.length - 1 - last]) last += 1;
  const marked = (lines: string[], mark: Line["mark"]): Line[] => lines.map((text) => ({ mark, text }));
  return [
    ...marked(old.slice(Math.max(0, first - AROUND), first), " "),
    ...marked(old.slice(first, old.length - last), "-"),
    ...marked(now.slice(first, now.length - last), "+"),
    ...marked(old.slice(old.length - last, Math.min(old.length, old.length - last + AROUND)), " "),
  ];
}
