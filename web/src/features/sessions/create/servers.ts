import type { Schemas } from "../../../api/client";

/** MCP servers as a form holds them, as JSON that people paste, and as a request; pure. */

export interface Pair {
  name: string;
  value: string;
}

export interface Server {
  name: string;
  type: "stdio" | "http" | "sse";
  command: string;
  /** One argument on each line. */
  args: string;
  url: string;
  /** Variables of a program, headers of an address; their values are secret. */
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

export function problemsOfServers(servers: readonly Server[]): Record<string, string> {
  const found: Record<string, string> = {};
  const names = new Set<string>();
  servers.forEach((server, index) => {
    const at = `servers.${index}`;
    if (!NAME.test(server.name)) found[`${at}.name`] = "create.mcp.badName";
    else if (names.has(server.name)) found[`${at}.name`] = "create.mcp.twice";
    names.add(server.name);
    if (server.type === "stdio" && server.command.trim() === "") found[`${at}.command`] = "create.mcp.noCommand";
    if (server.type !== "stdio" && !/^https?:\/\/\S+$/.test(server.url.trim())) found[`${at}.url`] = "create.mcp.noUrl";
  });
  return found;
}

export function bodyOfServers(servers: readonly Server[]): Record<string, Schemas["McpServer"]> {
  return Object.fromEntries(servers.map((server) => [server.name, bodyOfServer(server)])) as Record<
    string,
    Schemas["McpServer"]
  >;
}

function bodyOfServer(server: Server): Partial<Schemas["McpServer"]> {
  const secrets = Object.fromEntries(
    server.secrets.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value]),
  );
  const some = Object.keys(secrets).length > 0;
  if (server.type !== "stdio") return { type: server.type, url: server.url.trim(), ...(some ? { headers: secrets } : {}) };
  const args = server.args.split("\n").map((each) => each.trim()).filter((each) => each !== "");
  return {
    type: "stdio",
    command: server.command.trim(),
    ...(args.length > 0 ? { args } : {}),
    ...(some ? { env: secrets } : {}),
  };
}

/** As it is written in the configuration of agents: with or without `mcpServers` around it. */
export function jsonOfServers(servers: readonly Server[]): string {
  return JSON.stringify(bodyOfServers(servers), null, 2);
}

/** The servers of a pasted text; undefined: it is none. */
export function serversOfJson(text: string): Server[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.trim() === "" ? "{}" : text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const inner = parsed.mcpServers ?? parsed.mcp_servers ?? parsed;
  if (!isObject(inner)) return undefined;
  const servers: Server[] = [];
  for (const [name, each] of Object.entries(inner)) {
    if (!isObject(each)) return undefined;
    const url = typeof each.url === "string" ? each.url : "";
    const type = each.type === "http" || each.type === "sse" ? each.type : url === "" ? "stdio" : "http";
    servers.push({
      name,
      type,
      command: typeof each.command === "string" ? each.command : "",
      args: Array.isArray(each.args) ? each.args.map(String).join("\n") : "",
      url,
      secrets: pairsOf(type === "stdio" ? each.env : each.headers),
    });
  }
  return servers;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pairsOf(value: unknown): Pair[] {
  return isObject(value) ? Object.entries(value).map(([name, each]) => ({ name, value: String(each) })) : [];
}
