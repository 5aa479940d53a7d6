import type { Language } from "../../i18n";

/** Times as a calendar has them: «今日 15:00», «11月30日(月) 9:00»; pure. */

const DAY = 86_400_000;

function dayOf(at: Date, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
  return Date.parse(`${parts}T00:00:00Z`) / DAY;
}

/** Yesterday, today and tomorrow by their names, any other day by its date. */
export function dayTime(at: Date, now: Date, language: Language, timeZone?: string): string {
  const clock = new Intl.DateTimeFormat(language, { timeZone, hour: "numeric", minute: "2-digit" }).format(at);
  const days = dayOf(at, timeZone) - dayOf(now, timeZone);
  if (Math.abs(days) <= 1) return `${new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day")} ${clock}`;
  const far = Math.abs(days) > 300;
  const date = new Intl.DateTimeFormat(language, { timeZone, month: "short", day: "numeric", ...(far ? { year: "numeric" } : {}) });
  return `${date.format(at)} ${clock}`;
}

/** The date, the day of the week and the time, in columns. */
export function calendarRow(at: Date, language: Language, timeZone: string): { date: string; weekday: string; time: string } {
  const format = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(language, { timeZone, ...options }).format(at);
  return {
    date: format({ month: "short", day: "numeric" }),
    weekday: format({ weekday: "short" }),
    time: format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };
}

/** «UTC+9» of a zone at this moment; nothing for a zone that the browser does not know. */
export function offsetOf(timeZone: string, at: Date): string | undefined {
  try {
    const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "shortOffset" }).formatToParts(at);
    const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
    return name.replace("GMT", "UTC");
  } catch {
    return undefined;
  }
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
