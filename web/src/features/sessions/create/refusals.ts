import type { Problem } from "../../../api/problem";
import { fieldProblems } from "../../../ui/said";
import type { Values } from "./values";

/** The gateway's refusals at the fields of the form that they are about; pure. */

const FIELDS: Readonly<Record<string, string>> = {
  name: "name",
  repository: "repository",
  branch: "branch",
  message: "message",
  mode: "mode",
  "config.agent": "agent",
  "config.model": "model",
  "config.timeout_minutes": "timeoutMinutes",
  "config.pvc_enabled": "volume",
  "config.pvc_retain": "keep",
  "config.pvc_storage_size": "volumeGib",
  "config.pvc_from": "volumeFrom",
  "config.setup_script": "setupScript",
};

export function fieldErrors(problem: Problem, values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { field, said } of fieldProblems(problem)) {
    const place = placeOf(field, values);
    if (place !== undefined) found[place] ??= said;
  }
  return found;
}

/** `config.env.TOKEN.value` is of the row that is named so. */
function placeOf(field: string, values: Values): string | undefined {
  if (FIELDS[field] !== undefined) return FIELDS[field];
  if (/^attachments\b/.test(field)) return "message";
  if (field.startsWith("config.env")) return variable("env", values.env, field.slice("config.env".length));
  if (!field.startsWith("config.mcp_servers")) return undefined;
  const rest = field.slice("config.mcp_servers".length);
  const index = rowOf(values.servers, rest);
  const server = values.servers[index];
  if (server === undefined) return undefined;
  const at = `servers.${index}`;
  const inner = rest.slice(1 + server.name.trim().length);
  const pairs = /^\.(?:env|headers)(.*)$/.exec(inner);
  if (pairs !== null) return variable(`${at}.secrets`, server.secrets, pairs[1] ?? "") ?? `${at}.name`;
  return /^\.args\b/.test(inner) ? `${at}.args` : inner === ".command" || inner === ".url" ? `${at}${inner}` : `${at}.name`;
}

function variable(at: string, rows: readonly { name: string }[], rest: string): string | undefined {
  const index = rowOf(rows, rest);
  if (index >= 0) return `${at}.${index}.${rest.endsWith(".value") ? "value" : "name"}`;
  // about all of them: said at the first
  return rows.length > 0 ? `${at}.0.name` : undefined;
}

/** Names may hold dots: the longest that the path goes on with is meant. */
function rowOf(rows: readonly { name: string }[], rest: string): number {
  let best = -1;
  rows.forEach(({ name }, index) => {
    const own = `.${name.trim()}`;
    const next = rest.charAt(own.length);
    const fits = own !== "." && rest.startsWith(own) && (next === "" || next === "." || next === "[");
    if (fits && own.length > 1 + (rows[best]?.name.trim().length ?? 0)) best = index;
  });
  return best;
}
