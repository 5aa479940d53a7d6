import type { Schemas } from "../../../api/client";

/** What of an event of the timeline is shown, and how; pure. */

export type TimelineEntry = Schemas["TimelineEntry"];

const MOST_LETTERS = 400;
const COLOURS: Readonly<Record<string, string>> = {
  running: "leaf",
  reachable: "leaf",
  completed: "blue",
  failed: "red",
  unreachable: "yellow",
  stop_requested: "yellow",
};
/** Said by the title, or of no use to a person. */
const SILENT = new Set(["status", "name", "mode", "launch_id"]);

/** `ccplant.session.running` → `running`. */
export function keyOf(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

export function colourOf(type: string): string {
  return COLOURS[keyOf(type)] ?? "gray";
}

/** The facts of an entry as one line each; what is empty is left out, and what is long is cut. */
export function detailsOf(entry: TimelineEntry): readonly { name: string; text: string }[] {
  const data: Record<string, unknown> = { ...(entry.reason == null ? {} : { reason: entry.reason }), ...entry.data };
  const facts = data.facts;
  const flat = typeof facts === "object" && facts !== null ? { ...data, ...(facts as Record<string, unknown>) } : data;
  return Object.entries(flat)
    .filter(([name, value]) => name !== "facts" && !SILENT.has(name) && value !== null && value !== "" && value !== undefined)
    .map(([name, value]) => ({ name, text: textOf(value) }))
    .filter(({ text }) => text !== "");
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return cut(value.map(textOf).join(" "));
  if (typeof value === "object" && value !== null)
    return cut(
      Object.entries(value)
        .filter(([, inner]) => inner !== null && inner !== "")
        .map(([name, inner]) => `${name}: ${textOf(inner)}`)
        .join(", "),
    );
  return cut(typeof value === "string" ? value : JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}
