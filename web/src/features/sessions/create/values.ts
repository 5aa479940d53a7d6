import type { Schemas } from "../../../api/client";
import type { Problem } from "../../../api/problem";

/** What the form holds, and how it becomes a request; pure. */
export interface Values {
  name: string;
  repository: string;
  branch: string;
  message: string;
  cpu: number;
  memory: number;
  timeoutMinutes: number;
  mode: "interactive" | "task";
  volume: boolean;
  volumeGib: number;
  keep: boolean;
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
  volume: false,
  volumeGib: 10,
  keep: false,
  setupScript: "",
};

export const PRESETS = [
  { name: "light", cpu: 1, memory: 2 },
  { name: "normal", cpu: 2, memory: 4 },
  { name: "heavy", cpu: 4, memory: 8 },
] as const;

export function presetOf(cpu: number, memory: number): string {
  return PRESETS.find((each) => each.cpu === cpu && each.memory === memory)?.name ?? "own";
}

export function bodyOf(values: Values): Schemas["CreateSession"] {
  const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());
  const fields = {
    name: given(values.name),
    repository: given(values.repository),
    branch: given(values.branch),
    message: given(values.message),
  };
  const setup = given(values.setupScript);
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    mode: values.mode,
    config: {
      cpu_limit: String(values.cpu),
      memory_limit: `${values.memory}Gi`,
      timeout_minutes: values.timeoutMinutes,
      ...(values.volume
        ? { pvc_enabled: true, pvc_storage_size: `${values.volumeGib}Gi`, pvc_retain: values.keep }
        : {}),
      ...(setup === undefined ? {} : { setup_script: setup }),
    },
  } as Schemas["CreateSession"];
}

const FIELDS: Record<string, keyof Values> = {
  name: "name",
  repository: "repository",
  branch: "branch",
  message: "message",
  mode: "mode",
  "config.timeout_minutes": "timeoutMinutes",
  "config.pvc_storage_size": "volumeGib",
  "config.setup_script": "setupScript",
};

/** The gateway's refusals at the fields that they are about. */
export function fieldErrors(problem: Problem): Partial<Record<keyof Values, string>> {
  const found: Partial<Record<keyof Values, string>> = {};
  const { fields } = problem.details;
  if (!Array.isArray(fields)) return found;
  for (const each of fields as { field?: unknown; problem?: unknown }[]) {
    const name = typeof each.field === "string" ? FIELDS[each.field] : undefined;
    if (name !== undefined && typeof each.problem === "string") found[name] = each.problem;
  }
  return found;
}

const KEY = "ccplant.draft.new-session";

export function loadDraft(): Values {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof kept !== "object" || kept === null) return EMPTY;
    const same = Object.entries(kept).filter(
      ([name, value]) => name in EMPTY && typeof value === typeof EMPTY[name as keyof Values],
    );
    return { ...EMPTY, ...Object.fromEntries(same) };
  } catch {
    return EMPTY;
  }
}

export function saveDraft(values: Values): void {
  if (values === EMPTY) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(values));
}
