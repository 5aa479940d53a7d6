import type { Language } from "../../i18n";

/** A cron expression in words: the usual shapes as people say them, all others as the library does. */

const ALIASES: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const DAYS_JA = ["日", "月", "火", "水", "木", "金", "土"];

export const CRON_PRESETS = [
  { name: "hourly", cron: "0 * * * *" },
  { name: "daily", cron: "0 3 * * *" },
  { name: "weekdays", cron: "0 9 * * 1-5" },
  { name: "weekly", cron: "0 9 * * 1" },
  { name: "monthly", cron: "0 9 1 * *" },
] as const;

function fieldsOf(cron: string): string[] {
  const text = cron.trim();
  return (ALIASES[text.toLowerCase()] ?? text).split(/\s+/);
}

export function hasFiveFields(cron: string): boolean {
  return fieldsOf(cron).length === 5;
}

function number(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

function dayOf(text: string): number | undefined {
  const named = DAYS.indexOf(text.toUpperCase());
  if (named >= 0) return named;
  const value = number(text, 0, 7);
  return value === undefined ? undefined : value % 7;
}

/** «毎日», «平日», «毎週月・水曜»; nothing for what is not so simple. */
function daysInJapanese(month: string, date: string, week: string): string | undefined {
  if (month !== "*") return undefined;
  if (week === "*") {
    if (date === "*") return "毎日";
    const day = number(date, 1, 31);
    return day === undefined ? undefined : `毎月 ${day} 日`;
  }
  if (date !== "*") return undefined;
  const range = week.split("-").map(dayOf);
  if (range.length === 2 && range[0] === 1 && range[1] === 5) return "平日 (月〜金)";
  if (range.length === 2 && range[0] !== undefined && range[1] !== undefined) {
    return `毎週${DAYS_JA[range[0]]}〜${DAYS_JA[range[1]]}曜`;
  }
  const days = week.split(",").map(dayOf);
  if (days.some((day) => day === undefined)) return undefined;
  return `毎週${days.map((day) => DAYS_JA[day ?? 0]).join("・")}曜`;
}

/** What people of Japan would say; nothing where the shape is not a usual one. */
export function simpleJapanese(cron: string): string | undefined {
  const [minute, hour, date, month, week, ...rest] = fieldsOf(cron);
  if (minute === undefined || hour === undefined || date === undefined || month === undefined || week === undefined) return undefined;
  if (rest.length > 0) return undefined;
  const days = daysInJapanese(month, date, week);
  if (days === undefined) return undefined;
  const of = days === "毎日" ? "" : `${days}、`;
  const every = /^\*\/(\d{1,2})$/;
  if (hour === "*") {
    const step = every.exec(minute)?.[1];
    // only what divides the hour is the same all over it
    if (step !== undefined && Number(step) > 0) return 60 % Number(step) === 0 ? `${of}${Number(step)} 分ごと` : undefined;
    if (minute === "*") return `${of}毎分`;
    const at = number(minute, 0, 59);
    return at === undefined ? undefined : `${of}毎時 ${at} 分`;
  }
  const at = number(minute, 0, 59);
  if (at === undefined) return undefined;
  const hours = every.exec(hour)?.[1];
  if (hours !== undefined && Number(hours) > 0) {
    return 24 % Number(hours) === 0 ? `${of}${Number(hours)} 時間ごと${at === 0 ? "" : ` (毎回 ${at} 分)`}` : undefined;
  }
  const times = hour.split(",").map((each) => number(each, 0, 23));
  if (times.some((each) => each === undefined)) return undefined;
  return `${days} ${times.map((each) => `${each}:${String(at).padStart(2, "0")}`).join("、")}`;
}

/** The words; nothing for what is no expression of five fields. The library is fetched when it is needed. */
export async function cronWords(cron: string, language: Language): Promise<string | undefined> {
  const fields = fieldsOf(cron);
  if (!hasFiveFields(cron)) return undefined;
  const simple = language === "ja" ? simpleJapanese(cron) : undefined;
  if (simple !== undefined) return simple;
  try {
    const { toString } = language === "ja" ? await inJapanese() : await inEnglish();
    return toString(fields.join(" "), { locale: language, use24HourTimeFormat: true, verbose: false });
  } catch {
    return undefined; // the API says what is wrong with it
  }
}

interface Words {
  toString: (cron: string, options: { locale: string; use24HourTimeFormat: boolean; verbose: boolean }) => string;
}

async function inEnglish(): Promise<Words> {
  const { default: cronstrue } = await import("cronstrue");
  return { toString: (cron, options) => eitherDay(cron, cronstrue.toString(cron, options), ", and on ", ", or on ") };
}

async function inJapanese(): Promise<Words> {
  const [{ default: cronstrue }] = await Promise.all([import("cronstrue"), import("cronstrue/locales/ja")]);
  // the locale's own word for «at» stands before every time, where nobody says it
  return {
    toString: (cron, options) => eitherDay(cron, cronstrue.toString(cron, options).replaceAll("次において実施", ""), "、〜と ", "または"),
  };
}

/** Where both the day of the month and that of the week are given, cron takes either; the library says both. */
function eitherDay(cron: string, words: string, both: string, either: string): string {
  const [, , date, , week] = cron.split(" ");
  return date?.startsWith("*") === false && week?.startsWith("*") === false ? words.replace(both, either) : words;
}
