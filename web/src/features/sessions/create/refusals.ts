import type { Problem } from "../../../api/problem";
import { fieldProblems } from "../../../ui/said";
import type { Provisions } from "./provisions";
import type { Values } from "./values";

/** The gateway's refusals at the fields of the form that they are about; pure. */

const FIELDS: Readonly<Record<string, string>> = {
  name: "name",
  repository: "repository",
  branch: "branch",
  message: "message",
  attachments: "message",
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
    const place = placeOf(field, values, FIELDS);
    if (place !== undefined) found[place] ??= said;
  }
  return found;
}

/**
 * The form's field of the gateway's one. `config.env.TOKEN.value` is of the row that is named so; else the nearest that
 * is known: `repositories[0]` and `config.permission_policy.allow[3]` are of their lists.
 */
export function placeOf(
  field: string,
  rows: Pick<Provisions, "env" | "servers">,
  fields: Readonly<Record<string, string>>,
): string | undefined {
  const env = after(field, "config.env");
  if (env !== undefined) return variable("env", rows.env, env, "name");
  const servers = after(field, "config.mcp_servers");
  if (servers !== undefined) return placeOfServer(rows.servers, servers);
  for (let part = field; part !== ""; part = outer(part)) if (Object.hasOwn(fields, part)) return fields[part];
  return undefined;
}

function outer(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("."), path.lastIndexOf("[")));
}

/** What follows a name in a path: nothing, a part or an index. */
function after(field: string, name: string): string | undefined {
  const rest = field.slice(name.length);
  return field.startsWith(name) && /^(?:$|[.[])/.test(rest) ? rest : undefined;
}

function placeOfServer(servers: Provisions["servers"], rest: string): string | undefined {
  const index = rowOf(servers, rest);
  const server = servers[index];
  // about all of them: said at the first
  if (server === undefined) return servers.length > 0 && /^(?:$|\[)/.test(rest) ? "servers.0.name" : undefined;
  const at = `servers.${index}`;
  const inner = rest.slice(1 + server.name.trim().length);
  const pairs = after(inner, ".env") ?? after(inner, ".headers");
  if (pairs !== undefined) return variable(`${at}.secrets`, server.secrets, pairs, "value") ?? `${at}.name`;
  if (after(inner, ".args") !== undefined) return `${at}.args`;
  return inner === ".command" || inner === ".url" ? `${at}${inner}` : `${at}.name`;
}

/** The field of a named row; `whole` is the one that a refusal of the row itself is about. */
function variable(at: string, rows: readonly { name: string }[], rest: string, whole: "name" | "value"): string | undefined {
  const index = rowOf(rows, rest);
  if (index < 0) return rows.length > 0 ? `${at}.0.name` : undefined;
  const inner = rest.slice(1 + (rows[index]?.name.trim().length ?? 0));
  return `${at}.${index}.${inner === "" ? whole : inner === ".value" ? "value" : "name"}`;
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
