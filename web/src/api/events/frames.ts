import type { Schemas } from "../client";

/** What the gateway sends over a session's WebSocket; see `docs/api.md`. */

export type Session = Schemas["SessionResource"];
export type Prompt = Schemas["PromptResource"];
export type Permission = Schemas["PermissionResource"];
export type AttachmentRef = Schemas["AttachmentRef"];

export interface ToolContent {
  kind: "text" | "diff" | "blob";
  text?: string | null;
  path?: string | null;
  old_text?: string | null;
  new_text?: string | null;
  blob_id?: string | null;
  size?: number | null;
  truncated?: boolean;
}

export interface ToolData {
  tool_call_id: string;
  prompt_id?: string | null;
  name?: string | null;
  title: string;
  kind: string;
  status: "pending" | "in_progress" | "completed" | "failed";
  input?: Record<string, unknown> | null;
  content: ToolContent[];
  locations: string[];
}

export interface PlanEntry {
  content: string;
  status: "pending" | "in_progress" | "completed";
  priority?: string | null;
}

export type TurnState = "started" | "done" | "failed" | "interrupted" | "cancelled";

interface Chunk {
  message_id: string;
  prompt_id?: string | null;
  offset: number;
  text: string;
  final: boolean;
}

/** The durable stream: numbered by `seq`, without a gap. */
export type StreamFrame = { seq: number; timestamp: string } & (
  | { type: "message_chunk"; data: Chunk & { role: "agent" | "user"; attachments?: AttachmentRef[] } }
  | { type: "thought_chunk"; data: Chunk }
  | { type: "tool"; data: ToolData }
  | { type: "plan"; data: { prompt_id?: string | null; entries: PlanEntry[] } }
  | {
      type: "turn";
      data: { prompt_id: string | null; state: TurnState; stop_reason?: string | null; error?: string | null };
    }
  | { type: "token_usage"; data: Schemas["TokenUsage"] }
  | { type: "mcp_server"; data: Schemas["McpServerState"] }
  | { type: "permission_request"; data: { permission_id: string; title: string } }
  | { type: "permission_outcome"; data: { permission_id: string; outcome: string } }
  | { type: "agent_state"; data: { state: string; detail?: string | null } }
  | { type: "idle"; data: { last_prompt_id: string } }
  | { type: "notice"; data: { level: "info" | "warning" | "error"; code: string; message: string } }
);

export interface Activity {
  updated_at: string;
  resources?: Partial<Schemas["ResourcesInUse"]> | null;
  pod_status?: Schemas["PodStatus"] | null;
  reachable?: boolean | null;
  agent_state?: string | null;
  step?: string | null;
  sampled_at: string;
}

/** State: whole documents of which the newer wins, previews, and what belongs to the connection. */
export type StateFrame = { seq?: undefined; timestamp: string } & (
  | { type: "hello"; data: { session: Session; prompts: Prompt[]; permissions: Permission[]; last_seq: number } }
  | { type: "session"; data: Session }
  | { type: "prompt"; data: Prompt }
  | { type: "permission"; data: Permission }
  | { type: "activity"; data: Activity }
  | { type: "delta"; data: { message_id: string; kind: "message" | "thought"; offset: number; text: string } }
  | { type: "error"; data: { code: string; message: string; details?: Record<string, unknown> } }
  | { type: "pong"; data: Record<string, never> }
);

export type Frame = StreamFrame | StateFrame;

export type ClientFrame =
  | { type: "prompt"; text: string; idempotency_key: string }
  | { type: "cancel"; prompt_id?: string }
  | { type: "permission"; permission_id: string; option: string }
  | { type: "ping" };

export function isStream(frame: Frame): frame is StreamFrame {
  return frame.seq !== undefined;
}
