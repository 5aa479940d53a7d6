import type { Schemas } from "../../../api/client";
import type { Language } from "../../../i18n";
import { bytes } from "../../../ui/format";
import { quantityOf } from "./evidence";

/** What of an event of the timeline is shown, and how; pure. */

export type TimelineEntry = Schemas["TimelineEntry"];

const MOST_LETTERS = 400;
const COLOURS: Readonly<Record<string, string>> = {
  session_running: "leaf",
  session_reachable: "leaf",
  session_completed: "blue",
  session_failed: "red",
  session_unreachable: "yellow",
  session_stop_requested: "yellow",
  permission_requested: "yellow",
};
/** Said by the title, or of no use to a person. */
const SILENT = new Set(["status", "name", "mode", "launch_id", "prompt_id", "permission_id", "tool_call_id", "number"]);
/** What is so mostly, and tells nothing where it is. */
const USUAL: Readonly<Record<string, unknown>> = { stop_reason: "end_turn", source: "user", state: "answered", attempt: 1, force: false };
/** Whose message it was, which whoever sent it is told elsewhere: the turn is the agent's. */
const OF_THE_AGENT = new Set(["prompt_started", "prompt_ended"]);
/** Who did what nobody did; by way of what it was done is told. */
const NOBODY = new Set<unknown>(["system", "policy"]);
/** A reason that says no more than the title. */
const PLAIN_REASONS = new Set(["created", "registered"]);
/** Reasons whose detail is the runner's own English sentence, which the reason and the exit code say in the reader's words. */
const SAID_BY_REASON = new Set(["agent_ended", "oom_killed", "setup_failed", "start_timeout", "timeout"]);

/** `ccplant.session.running` → `session_running`. */
export function keyOf(type: string): string {
  return type.replace(/^ccplant\./, "").replaceAll(".", "_");
}

export function colourOf(type: string): string {
  return COLOURS[keyOf(type)] ?? "gray";
}

/** The facts of an entry as one line each; what is empty is left out, and what is long is cut. */
export function detailsOf(entry: TimelineEntry, language: Language): readonly { name: string; text: string }[] {
  const data: Record<string, unknown> = { ...(entry.reason == null || PLAIN_REASONS.has(entry.reason) ? {} : { reason: entry.reason }), ...entry.data };
  const facts = data.facts;
  const flat = typeof facts === "object" && facts !== null ? { ...data, ...(facts as Record<string, unknown>) } : data;
  return Object.entries(flat)
    .filter(([name, value]) => !(name === "reason" && PLAIN_REASONS.has(String(value))))
    .filter(([name, value]) => USUAL[name] !== value && !(name === "by" && (NOBODY.has(value) || OF_THE_AGENT.has(keyOf(entry.type)))))
    // how much memory there was is of interest where it was not enough
    .filter(([name]) => name !== "limit" || entry.reason === "oom_killed")
    .filter(([name]) => name !== "detail" || !SAID_BY_REASON.has(String(data.reason)))
    .filter(([name, value]) => name !== "facts" && !SILENT.has(name) && value !== null && value !== "" && value !== undefined && value !== false)
    .map(([name, value]) => ({ name, text: name === "limit" ? sizeOf(value, language) : textOf(value, language) }))
    .filter(({ text }) => text !== "");
}

function sizeOf(value: unknown, language: Language): string {
  const size = quantityOf(String(value));
  return Number.isNaN(size) ? textOf(value, language) : bytes(size);
}

function textOf(value: unknown, language: Language): string {
  if (Array.isArray(value)) return cut(value.map((each) => textOf(each, language)).join(" "));
  if (typeof value === "object" && value !== null) {
    // a sentence in each language is read in the reader's alone
    const { [language]: own, en } = value as Partial<Record<string, unknown>>;
    if (typeof own === "string" && typeof en === "string") return cut(own);
    return cut(
      Object.entries(value)
        .filter(([, inner]) => inner !== null && inner !== "" && inner !== false)
        .map(([name, inner]) => `${name}: ${textOf(inner, language)}`)
        .join(", "),
    );
  }
  return cut(typeof value === "string" ? value : JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}
