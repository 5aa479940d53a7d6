import type { Schemas } from "../../../api/client";
import { askedAgainOf, isKeptOf, MASK, NOTHING_STORED, type Stored } from "./stored";

/** MCP servers as a form holds them, as JSON that people paste, and as a request; pure. */

export interface Pair {
  name: string;
  value: string;
}

export interface Server {
  name: string;
  type: "stdio" | "http" | "sse";
  command: string;
  /** One argument on each line; one that no line can hold as it is stands there as a JSON string. */
  args: string;
  url: string;
  /** Variables of a program, headers of an address; their values are secret, and empty where they are stored. */
  secrets: Pair[];
}

export const NEW_SERVER: Server = { name: "", type: "stdio", command: "", args: "", url: "", secrets: [] };

/** Those that people ask for first; their packages are fetched by the session when it starts. */
export const KNOWN: Readonly<Record<string, Server>> = {
  github: {
    ...NEW_SERVER, name: "github", command: "npx", args: "-y\n@modelcontextprotocol/server-github",
    secrets: [{ name: "GITHUB_PERSONAL_ACCESS_TOKEN", value: "" }],
  },
  filesystem: {
    ...NEW_SERVER, name: "filesystem", command: "npx", args: "-y\n@modelcontextprotocol/server-filesystem\n/workspace",
  },
  slack: {
    ...NEW_SERVER, name: "slack", command: "npx", args: "-y\n@modelcontextprotocol/server-slack",
    secrets: [{ name: "SLACK_BOT_TOKEN", value: "" }, { name: "SLACK_TEAM_ID", value: "" }],
  },
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function problemsOfServers(
  servers: readonly Server[],
  stored: Stored = NOTHING_STORED,
  complete = false,
): Record<string, string> {
  const found: Record<string, string> = {};
  const names = new Set<string>();
  servers.forEach((server, index) => {
    const at = `servers.${index}`;
    if (!NAME.test(server.name)) found[`${at}.name`] = "create.mcp.badName";
    else if (names.has(server.name)) found[`${at}.name`] = "create.mcp.twice";
    names.add(server.name);
    if (server.type === "stdio" && server.command.trim() === "") found[`${at}.command`] = "create.mcp.noCommand";
    if (server.type !== "stdio" && !/^https?:\/\/\S+$/.test(server.url.trim())) found[`${at}.url`] = "create.mcp.noUrl";
    const inner = problemsOfSecrets(server, stored, complete);
    for (const [path, words] of Object.entries(inner)) found[`${at}.secrets.${path}`] = words;
  });
  return found;
}

function problemsOfSecrets(server: Server, stored: Stored, complete: boolean): Record<string, string> {
  const found: Record<string, string> = {};
  const names = new Set<string>();
  server.secrets.forEach((pair, index) => {
    const name = pair.name.trim();
    if (name === "" && pair.value === "") return;
    if (name === "") found[`${index}.name`] = "create.mcp.noName";
    else if (names.has(name)) found[`${index}.name`] = "create.env.twice";
    names.add(name);
    const again = askedAgainOf(stored, server, pair);
    if (again !== undefined) found[`${index}.value`] = again;
    else if (complete && pair.value === "" && !isKeptOf(stored, server, name)) found[`${index}.value`] = "create.env.noValue";
  });
  return found;
}

export function bodyOfServers(servers: readonly Server[], stored: Stored = NOTHING_STORED): Record<string, Schemas["McpServer"]> {
  return Object.fromEntries(servers.map((server) => [server.name, bodyOfServer(server, stored)])) as Record<
    string,
    Schemas["McpServer"]
  >;
}

function bodyOfServer(server: Server, stored: Stored): Partial<Schemas["McpServer"]> {
  const secrets = Object.fromEntries(
    server.secrets
      .filter(({ name }) => name.trim() !== "")
      .map(({ name, value }) => [name.trim(), value === "" && isKeptOf(stored, server, name) ? MASK : value]),
  );
  const some = Object.keys(secrets).length > 0;
  if (server.type !== "stdio") return { type: server.type, url: server.url.trim(), ...(some ? { headers: secrets } : {}) };
  const args = server.args.split("\n").map((each) => each.trim()).filter((each) => each !== "").map(argumentOf);
  return {
    type: "stdio",
    command: server.command.trim(),
    ...(args.length > 0 ? { args } : {}),
    ...(some ? { env: secrets } : {}),
  };
}

/** A line that begins as a JSON string and is one means what it says, line breaks and outer blanks included. */
function argumentOf(line: string): string {
  if (!line.startsWith('"')) return line;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "string" ? parsed : line;
  } catch {
    return line;
  }
}

function lineOf(argument: string): string {
  const plain = argument !== "" && argument.trim() === argument && !argument.includes("\n") && argumentOf(argument) === argument;
  return plain ? argument : JSON.stringify(argument);
}

/** As it is written in the configuration of agents: with or without `mcpServers` around it. */
export function jsonOfServers(servers: readonly Server[], stored: Stored = NOTHING_STORED): string {
  return JSON.stringify(bodyOfServers(servers, stored), null, 2);
}

/** The servers of a pasted text; undefined: it is none. */
export function serversOfJson(text: string, stored: Stored = NOTHING_STORED): Server[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.trim() === "" ? "{}" : text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const inner = parsed.mcpServers ?? parsed.mcp_servers ?? parsed;
  return isObject(inner) ? serversOf(inner, stored) : undefined;
}

/** The servers of a configuration, those that are stored and those that were pasted; undefined: it is none. */
export function serversOf(config: Readonly<Record<string, unknown>>, stored: Stored = NOTHING_STORED): Server[] | undefined {
  const servers: Server[] = [];
  for (const [name, each] of Object.entries(config)) {
    if (!isObject(each)) return undefined;
    const url = typeof each.url === "string" ? each.url : "";
    const type = each.type === "http" || each.type === "sse" ? each.type : url === "" ? "stdio" : "http";
    const server: Server = {
      name,
      type,
      command: typeof each.command === "string" ? each.command : "",
      args: Array.isArray(each.args) ? each.args.map(String).map(lineOf).join("\n") : "",
      url,
      secrets: pairsOf(type === "stdio" ? each.env : each.headers),
    };
    const kept = (pair: Pair): boolean => pair.value === MASK && isKeptOf(stored, server, pair.name);
    servers.push({ ...server, secrets: server.secrets.map((pair) => (kept(pair) ? { ...pair, value: "" } : pair)) });
  }
  return servers;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pairsOf(value: unknown): Pair[] {
  return isObject(value) ? Object.entries(value).map(([name, each]) => ({ name, value: String(each) })) : [];
}
