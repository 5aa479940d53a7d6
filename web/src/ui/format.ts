import type { Language } from "../i18n";

/** Times, sizes and lengths as people of each language read them; pure. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** «7 分前», «昨日», «in 3 hours»: by the largest unit that is whole; days are those of the calendar. */
export function relativeTime(at: Date, now: Date, language: Language): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const length = Math.abs(seconds);
  if (length < 10) return format.format(0, "second");
  if (length < MINUTE) return format.format(seconds, "second");
  if (length < HOUR) return format.format(Math.trunc(seconds / MINUTE), "minute");
  if (length < DAY) return format.format(Math.trunc(seconds / HOUR), "hour");
  return format.format((dayOf(at) - dayOf(now)) / (DAY * 1000), "day");
}

/** The reader's day, counted without hours, of which summer time makes 23 or 25. */
function dayOf(moment: Date): number {
  return Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/** How long until the words of `relativeTime` change, in milliseconds. */
export function staleAfter(at: Date, now: Date): number {
  const length = Math.abs(at.getTime() - now.getTime()) / 1000;
  if (length < MINUTE) return 5_000;
  return length < HOUR ? 30_000 : 10 * 60_000;
}

export function exactTime(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

export function clockTime(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(at);
}

/** «1.7 GiB», with a blank at which no line breaks. */
export function bytes(size: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)}\u00a0${units[unit]}`;
}

/** «8Gi» of the API as people write it, «8 GiB»; what is no amount of bytes stays as it is. */
export function quantity(amount: string): string {
  return amount.replace(/^([0-9.]+)([KMGTP]i)$/, "$1\u00a0$2B");
}

export function cores(count: number): string {
  return count >= 10 || Number.isInteger(count) ? count.toFixed(0) : count.toFixed(1);
}

/** «7:48», «1:02:03»: what is left of a time. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(left / HOUR), Math.floor((left % HOUR) / MINUTE), left % MINUTE];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** «28 分», «2 時間 5 分», «45 s»: a length in words. */
export function duration(seconds: number, language: Language): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
  const unit = (value: number, name: "hour" | "minute" | "second"): string =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  if (hours > 0) return minutes > 0 ? `${unit(hours, "hour")} ${unit(minutes, "minute")}` : unit(hours, "hour");
  return minutes > 0 ? unit(minutes, "minute") : unit(whole, "second");
}
