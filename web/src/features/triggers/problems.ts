import { Problem } from "../../api/problem";
import { inLanguage } from "../../i18n";
import { fieldProblems } from "../../ui/said";
import type { Provisions } from "../sessions/create/provisions";
import { placeOf } from "../sessions/create/refusals";

/** The refusals of the API at the fields that they are about: its names of fields to the form's; pure. */

const SESSION: Record<string, string> = {
  repository: "session.repository",
  branch: "session.branch",
  session_id: "session.sessionId",
  reuse_session: "session.reuse",
  reuse_key: "session.reuseKey",
  auto_delete_on_complete: "session.deleteOnComplete",
  auto_delete_after_hours: "session.deleteAfterHours",
  "config.cpu_limit": "session.cpu",
  "config.memory_limit": "session.memory",
  "config.timeout_minutes": "session.timeoutMinutes",
  "config.agent": "session.agent",
  "config.model": "session.model",
  "config.permission_policy": "session.policy",
  "config.permission_policy.allow": "session.allow",
  "config.permission_policy.deny": "session.deny",
  "config.setup_script": "session.setupScript",
  "config.image": "session.image",
  "config.pvc_enabled": "session.volume",
  "config.pvc_retain": "session.keep",
  "config.pvc_storage_size": "session.volumeGib",
  "config.pvc_from": "session.volumeFrom",
};

function isText(value: unknown): value is { ja?: string; en?: string } {
  return typeof value === "object" && value !== null;
}

/** The form's field of an API's one; what is of a variable or a server is at its row. */
function fieldOf(name: string, own: Record<string, string>, rows: Rows): string | undefined {
  const place = placeOf(name, rows, { ...SESSION, ...own });
  return place !== undefined && /^(?:env|servers)\./.test(place) ? `session.${place}` : place;
}

type Rows = Pick<Provisions, "env" | "servers">;

export function fieldErrors(error: unknown, own: Record<string, string>, rows: Rows): Record<string, string> {
  if (!(error instanceof Problem)) return {};
  const found: Record<string, string> = {};
  for (const { field, said } of fieldProblems(error)) {
    // some come without their group: `definition.` is what a dry run calls it
    const name = fieldOf(field.replace(/^definition\./, ""), own, rows);
    if (name !== undefined) found[name] ??= said;
  }
  return found;
}

/** The refusal in the person's language, where the API has it in both. */
export function refusalText(error: unknown): string | undefined {
  if (!(error instanceof Problem) || !isText(error.details.text)) return undefined;
  return inLanguage(error.details.text) || undefined;
}

/** The line of a template that the refusal is about. */
export function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Problem)) return undefined;
  return typeof error.details.line === "number" ? error.details.line : undefined;
}
