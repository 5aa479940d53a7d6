import { Problem } from "../../api/problem";
import { inLanguage } from "../../i18n";
import { fieldProblems } from "../../ui/said";

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
};

function isText(value: unknown): value is { ja?: string; en?: string } {
  return typeof value === "object" && value !== null;
}

/** The form's field of an API's one: `repositories.0` is of `repositories`, what is the form's own name is itself. */
function fieldOf(name: string, own: Record<string, string>): string | undefined {
  const known: Record<string, string> = { ...SESSION, ...own };
  for (let part = name; part !== ""; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    if (known[part] !== undefined) return known[part];
  }
  return undefined;
}

export function fieldErrors(error: unknown, own: Record<string, string>): Record<string, string> {
  if (!(error instanceof Problem)) return {};
  const found: Record<string, string> = {};
  for (const { field, said } of fieldProblems(error)) {
    // some come without their group: `definition.` is what a dry run calls it
    const name = fieldOf(field.replace(/^definition\./, ""), own);
    if (name !== undefined) found[name] = said;
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
