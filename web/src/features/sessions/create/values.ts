import type { Schemas } from "../../../api/client";
import { bodyOfProvisions, NO_PROVISIONS, problemsOfProvisions, type Provisions } from "./provisions";
import { NOTHING_STORED } from "./stored";

/** What the form holds, and how it becomes a request; pure. */
export interface Values extends Provisions {
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
  setupScript: string;
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
  setupScript: "",
  ...NO_PROVISIONS,
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
      ...bodyOfProvisions(values),
    },
  } as Schemas["CreateSession"];
}

/** What is wrong, as keys of its words, at the paths of the form's fields. */
export function problemsOf(values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  if (values.name.length > 200) found.name = "create.tooLong";
  if (values.branch.trim() !== "" && values.repository.trim() === "") found.branch = "create.branchAlone";
  if (values.mode === "task" && values.message.trim() === "") found.message = "create.taskNeedsMessage";
  return { ...found, ...problemsOfProvisions(values, NOTHING_STORED, true) };
}
