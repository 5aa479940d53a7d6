import type { Schemas } from "../../api/client";
import { bodyOfProvisions, NO_PROVISIONS, provisionsOf, type Provisions } from "../sessions/create/provisions";
import type { Stored } from "../sessions/create/stored";

/** The sessions that a webhook or a schedule makes or tells, as a form holds them, and as the API has them; pure. */

export const REUSES = ["new", "key", "named", "last"] as const;
export type Reuse = (typeof REUSES)[number];

export const POLICIES = ["default", "ask", "rules", "allow_all"] as const;
export type Policy = (typeof POLICIES)[number];

export const SIZES = {
  light: { cpu: "1", memory: "2Gi" },
  normal: { cpu: "2", memory: "4Gi" },
  heavy: { cpu: "4", memory: "8Gi" },
} as const;
export type Size = keyof typeof SIZES | "own";

export interface SessionValues extends Provisions {
  repository: string;
  branch: string;
  cpu: string;
  memory: string;
  timeoutMinutes: number | "";
  agent: string;
  model: string;
  policy: Policy;
  allow: string[];
  deny: string[];
  reuse: Reuse;
  reuseKey: string;
  sessionId: string;
  deleteOnComplete: boolean;
  deleteAfterHours: number | "";
  setupScript: string;
  image: string;
}

export const NEW_SESSION: SessionValues = {
  repository: "",
  branch: "",
  cpu: SIZES.normal.cpu,
  memory: SIZES.normal.memory,
  timeoutMinutes: 60,
  agent: "",
  model: "",
  policy: "default",
  allow: [],
  deny: [],
  reuse: "new",
  reuseKey: "",
  sessionId: "",
  deleteOnComplete: false,
  deleteAfterHours: "",
  setupScript: "",
  image: "",
  ...NO_PROVISIONS,
};

type Config = Schemas["SessionConfig"];

interface Saved {
  repository: string | null;
  branch: string | null;
  config: Config;
  reuse_session: boolean;
  session_id: string | null;
  reuse_key?: string | null;
  auto_delete_on_complete: boolean | null;
  auto_delete_after_hours: number | null;
}

export function sizeOf(values: Pick<SessionValues, "cpu" | "memory">): Size {
  const found = Object.entries(SIZES).find(([, size]) => size.cpu === values.cpu && size.memory === values.memory);
  return (found?.[0] as Size | undefined) ?? "own";
}

function reuseOf(saved: Saved): Reuse {
  if (!saved.reuse_session) return "new";
  if (saved.reuse_key != null) return "key";
  return saved.session_id == null ? "last" : "named";
}

export function sessionValues(saved: Saved): SessionValues {
  const { config } = saved;
  return {
    repository: saved.repository ?? "",
    branch: saved.branch ?? "",
    cpu: config.cpu_limit,
    memory: config.memory_limit,
    timeoutMinutes: config.timeout_minutes,
    agent: config.agent ?? "",
    model: config.model ?? "",
    policy: config.permission_policy?.mode ?? "default",
    allow: config.permission_policy?.allow ?? [],
    deny: config.permission_policy?.deny ?? [],
    reuse: reuseOf(saved),
    reuseKey: saved.reuse_key ?? "",
    sessionId: saved.session_id ?? "",
    deleteOnComplete: saved.auto_delete_on_complete ?? config.auto_delete_on_complete,
    deleteAfterHours: saved.auto_delete_after_hours ?? config.auto_delete_after_hours ?? "",
    setupScript: config.setup_script ?? "",
    image: config.image ?? "",
    ...provisionsOf(config),
  };
}

/** A text that says something, or nothing at all: the API takes no empty ones. */
export function given(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

function policyOf(values: SessionValues): Record<string, unknown> | null {
  if (values.policy === "default") return null;
  if (values.policy !== "rules") return { mode: values.policy };
  return { mode: "rules", allow: values.allow, deny: values.deny };
}

/** What a session is given when nothing is asked for. */
const NONE = { pvc_enabled: null, pvc_retain: null, pvc_storage_size: null, pvc_from: null, env: null, mcp_servers: null };

/** Each field of the API that the form is about; null is its default. A map is replaced whole, by all that it holds. */
export function sessionFields(values: SessionValues, stored?: Stored): Record<string, unknown> & { config: Record<string, unknown> } {
  return {
    repository: given(values.repository),
    branch: given(values.branch),
    reuse_session: values.reuse !== "new",
    session_id: values.reuse === "named" ? given(values.sessionId) : null,
    auto_delete_on_complete: values.deleteOnComplete ? true : null,
    auto_delete_after_hours: values.deleteAfterHours === "" ? null : values.deleteAfterHours,
    config: {
      cpu_limit: given(values.cpu),
      memory_limit: given(values.memory),
      timeout_minutes: values.timeoutMinutes === "" ? null : values.timeoutMinutes,
      agent: given(values.agent),
      model: given(values.model),
      permission_policy: policyOf(values),
      setup_script: values.setupScript.trim() === "" ? null : values.setupScript,
      image: given(values.image),
      ...NONE,
      ...bodyOfProvisions(values, stored),
    },
  };
}
