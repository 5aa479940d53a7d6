/** Typed settings beside those of the session, which others change too; pure. */

export interface Settings {
  name: string;
  minutes: number | string;
}

/**
 * What the form shows after the session changed: a field that nobody typed in follows, one with a draft keeps it; told
 * are the fields in which both changed, to something else.
 */
export function followed(
  typed: Settings,
  before: Settings,
  now: Settings,
): { values: Settings; conflicts: (keyof Settings)[] } {
  const same = (one: Settings[keyof Settings], other: Settings[keyof Settings]): boolean => String(one).trim() === String(other).trim();
  const values = { ...typed };
  const conflicts: (keyof Settings)[] = [];
  const follow = <K extends keyof Settings>(field: K): void => {
    if (same(typed[field], before[field])) values[field] = now[field];
    else if (!same(before[field], now[field]) && !same(typed[field], now[field])) conflicts.push(field);
  };
  follow("name");
  follow("minutes");
  return { values, conflicts };
}
