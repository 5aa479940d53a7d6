import type { Schemas } from "../../../api/client";
import { bodyOfServers, problemsOfServers, serversOf, type Server } from "./servers";
import { askedAgain, gibOf, isKept, MASK, NOTHING_STORED, storedOf, type Stored } from "./stored";

/** What a session is given to work with: variables, MCP servers, a volume; as fields hold it and as a request. Pure. */
export interface Variable {
  name: string;
  /** Empty where a secret is stored: as it was. */
  value: string;
  secret: boolean;
}

export interface Provisions {
  volume: boolean;
  volumeGib: number;
  keep: boolean;
  /** A kept volume to go on with; empty: a new one. */
  volumeFrom: string;
  env: Variable[];
  servers: Server[];
}

export const NO_PROVISIONS: Provisions = { volume: false, volumeGib: 10, keep: false, volumeFrom: "", env: [], servers: [] };

export const NEW_VARIABLE: Variable = { name: "", value: "", secret: true };

type Config = Schemas["SessionConfig"];

/** The fields of what the gateway tells; the masks of its secrets become empty fields. */
export function provisionsOf(config: Config): Provisions {
  const stored = storedOf(config);
  return {
    volume: config.pvc_enabled ?? false,
    volumeGib: gibOf(config.pvc_storage_size ?? "10Gi"),
    keep: config.pvc_retain ?? false,
    volumeFrom: config.pvc_from ?? "",
    env: Object.entries(config.env ?? {}).map(([name, { value, secret }]) => {
      const variable = { name, value, secret: secret ?? true };
      return value === MASK && isKept(stored, variable) ? { ...variable, value: "" } : variable;
    }),
    servers: serversOf(config.mcp_servers ?? {}, stored) ?? [],
  };
}

/** Only what is wanted; a secret that is not typed again goes back as the mask that it came as. */
export function bodyOfProvisions(values: Provisions, stored: Stored = NOTHING_STORED): Partial<Config> {
  const env = values.env.filter(({ name }) => name.trim() !== "");
  const sent = (each: Variable): string => (each.value === "" && isKept(stored, each) ? MASK : each.value);
  return {
    ...(values.volume
      ? {
          pvc_enabled: true,
          pvc_retain: values.keep,
          ...(values.volumeFrom === "" ? { pvc_storage_size: sizeOf(values.volumeGib) } : { pvc_from: values.volumeFrom }),
        }
      : {}),
    ...(env.length === 0
      ? {}
      : { env: Object.fromEntries(env.map((each) => [each.name.trim(), { value: sent(each), secret: each.secret }])) }),
    ...(values.servers.length === 0 ? {} : { mcp_servers: bodyOfServers(values.servers, stored) }),
  };
}

function sizeOf(gib: number): string {
  return Number.isInteger(Number(gib)) ? `${gib}Gi` : `${Math.round(gib * 1024)}Mi`;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What is wrong, as keys of its words; `complete`: a secret without a value is wrong too, unless one is stored. */
export function problemsOfProvisions(values: Provisions, stored: Stored = NOTHING_STORED, complete = false): Record<string, string> {
  const found: Record<string, string> = {};
  const gib = Number(values.volumeGib);
  if (values.volume && values.volumeFrom === "" && !(gib >= 1) && gib !== stored.volumeGib) found.volumeGib = "create.volumeSize";
  const names = new Set<string>();
  values.env.forEach((variable, index) => {
    const name = variable.name.trim();
    if (name === "" && variable.value === "") return;
    if (!VARIABLE.test(name)) found[`env.${index}.name`] = "create.env.badName";
    else if (names.has(name)) found[`env.${index}.name`] = "create.env.twice";
    names.add(name);
    const again = askedAgain(stored, variable);
    if (again !== undefined) found[`env.${index}.value`] = again;
    else if (complete && variable.secret && variable.value === "" && !isKept(stored, variable)) {
      found[`env.${index}.value`] = "create.env.noValue";
    }
  });
  return { ...found, ...problemsOfServers(values.servers, stored, complete) };
}
