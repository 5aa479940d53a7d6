import type { Schemas } from "../../../api/client";
import { bodyOfServers, problemsOfServers, type Server } from "./servers";

/** What the form holds, and how it becomes a request; pure. */
export interface Variable {
  name: string;
  value: string;
  secret: boolean;
}

export interface Values {
  name: string;
  repository: string;
  branch: string;
  message: string;
  cpu: number;
  memory: number;
  timeoutMinutes: number;
  mode: "interactive" | "task";
  agent: string;
  model: string;
  volume: boolean;
  volumeGib: number;
  keep: boolean;
  /** A kept volume to go on with; empty: a new one. */
  volumeFrom: string;
  setupScript: string;
  env: Variable[];
  servers: Server[];
}

export const EMPTY: Values = {
  name: "",
  repository: "",
  branch: "",
  message: "",
  cpu: 2,
  memory: 4,
  timeoutMinutes: 60,
  mode: "interactive",
  agent: "",
  model: "",
  volume: false,
  volumeGib: 10,
  keep: false,
  volumeFrom: "",
  setupScript: "",
  env: [],
  servers: [],
};

export const PRESETS = [
  { name: "light", cpu: 1, memory: 2 },
  { name: "normal", cpu: 2, memory: 4 },
  { name: "heavy", cpu: 4, memory: 8 },
] as const;

export function presetOf(cpu: number, memory: number): string {
  return PRESETS.find((each) => each.cpu === cpu && each.memory === memory)?.name ?? "own";
}

function given(text: string): string | undefined {
  return text.trim() === "" ? undefined : text.trim();
}

/** Only what has a value: a field that is not given is the server's to fill. */
function present<T extends Record<string, unknown>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function bodyOf(values: Values): Schemas["CreateSession"] {
  const env = values.env.filter((each) => each.name.trim() !== "");
  return {
    ...present({
      name: given(values.name),
      repository: given(values.repository),
      branch: given(values.branch),
      message: given(values.message),
    }),
    mode: values.mode,
    config: {
      cpu_limit: String(values.cpu),
      memory_limit: `${values.memory}Gi`,
      timeout_minutes: values.timeoutMinutes,
      ...present({ agent: given(values.agent), model: given(values.model), setup_script: given(values.setupScript) }),
      ...(values.volume
        ? {
            pvc_enabled: true,
            pvc_retain: values.keep,
            ...(values.volumeFrom === "" ? { pvc_storage_size: `${values.volumeGib}Gi` } : { pvc_from: values.volumeFrom }),
          }
        : {}),
      ...(env.length === 0
        ? {}
        : { env: Object.fromEntries(env.map(({ name, value, secret }) => [name.trim(), { value, secret }])) }),
      ...(values.servers.length === 0 ? {} : { mcp_servers: bodyOfServers(values.servers) }),
    },
  } as Schemas["CreateSession"];
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What is wrong, as keys of its words, at the paths of the form's fields. */
export function problemsOf(values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  if (values.name.length > 200) found.name = "create.tooLong";
  if (values.branch.trim() !== "" && values.repository.trim() === "") found.branch = "create.branchAlone";
  if (values.mode === "task" && values.message.trim() === "") found.message = "create.taskNeedsMessage";
  if (values.volume && values.volumeFrom === "" && !(Number(values.volumeGib) >= 1)) found.volumeGib = "create.volumeSize";
  const names = new Set<string>();
  values.env.forEach(({ name, value }, index) => {
    if (name.trim() === "" && value === "") return;
    if (!VARIABLE.test(name.trim())) found[`env.${index}.name`] = "create.env.badName";
    else if (names.has(name.trim())) found[`env.${index}.name`] = "create.env.twice";
    names.add(name.trim());
  });
  return { ...found, ...problemsOfServers(values.servers) };
}
