import type { Schemas } from "../../../api/client";
import type { Server } from "./servers";

/**
 * The secrets that the gateway holds and never shows: a field that is left empty means the one that is there. It can
 * only do so where the gateway would hand out the same secret to the same receiver; elsewhere it is asked for again.
 */

/** What stands for a stored secret, in both directions. */
export const MASK = "***";

interface StoredServer {
  type: Server["type"];
  command: string;
  host: string;
  secrets: readonly string[];
}

export interface Stored {
  /** The names of the secret variables. */
  env: readonly string[];
  servers: Readonly<Record<string, StoredServer>>;
  volumeGib?: number;
}

export const NOTHING_STORED: Stored = { env: [], servers: {} };

export function storedOf(config: Schemas["SessionConfig"]): Stored {
  const env = Object.entries(config.env ?? {}).filter(([, { secret, value }]) => secret !== false && value === MASK);
  const servers = Object.entries(config.mcp_servers ?? {}).map(([name, server]) => [
    name,
    {
      type: server.type ?? "stdio",
      command: server.command ?? "",
      host: hostOf(server.url ?? ""),
      secrets: Object.keys((server.type ?? "stdio") === "stdio" ? (server.env ?? {}) : (server.headers ?? {})),
    },
  ]);
  return {
    env: env.map(([name]) => name),
    servers: Object.fromEntries(servers) as Stored["servers"],
    volumeGib: gibOf(config.pvc_storage_size ?? "10Gi"),
  };
}

/** What a secret of an address is given to: the path on it may change, the host may not. */
function hostOf(url: string): string {
  const found = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url.trim());
  return found === null ? "" : `${(found[1] ?? "").toLowerCase()}://${found[2] ?? ""}`;
}

const GIB = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = {
  "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, Ki: 2 ** 10, Mi: 2 ** 20, Gi: GIB, Ti: 2 ** 40, Pi: 2 ** 50,
};

export function gibOf(size: string): number {
  const found = /^([0-9.]+)([kMGTP]i?|Ki|)$/.exec(size);
  return found === null ? 10 : (Number(found[1]) * (UNITS[found[2] ?? ""] ?? GIB)) / GIB;
}

/** Whether an empty field means the stored value of this variable. */
export function isKept(stored: Stored, { name, secret }: { name: string; secret: boolean }): boolean {
  return secret && stored.env.includes(name.trim());
}

/** Whether the server is the one that the stored secrets were given to. */
export function isSameServer(stored: Stored, server: Server): boolean {
  const known = storedServer(stored, server);
  if (known === undefined || known.type !== server.type) return false;
  return server.type === "stdio" ? known.command === server.command.trim() : known.host === hostOf(server.url);
}

/** Whether an empty field means the stored value of this variable or header of a server. */
export function isKeptOf(stored: Stored, server: Server, name: string): boolean {
  return isSameServer(stored, server) && storedServer(stored, server)?.secrets.includes(name.trim()) === true;
}

/** Why a variable's value must be typed again, as the key of its words. */
export function askedAgain(stored: Stored, variable: { name: string; value: string; secret: boolean }): string | undefined {
  if (variable.value === MASK) return "create.env.maskOfNothing";
  const shown = variable.value === "" && !variable.secret && stored.env.includes(variable.name.trim());
  return shown ? "create.env.againToShow" : undefined;
}

/** The same of a value that a server gets. */
export function askedAgainOf(stored: Stored, server: Server, pair: { name: string; value: string }): string | undefined {
  if (pair.value === MASK) return "create.env.maskOfNothing";
  if (pair.value !== "" || isSameServer(stored, server)) return undefined;
  return storedServer(stored, server)?.secrets.includes(pair.name.trim()) === true ? "create.mcp.againForOther" : undefined;
}

function storedServer(stored: Stored, { name }: Server): StoredServer | undefined {
  return Object.hasOwn(stored.servers, name) ? stored.servers[name] : undefined;
}
