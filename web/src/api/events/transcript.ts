import type { AttachmentRef, PlanEntry, StreamFrame, ToolData, TurnState } from "./frames";

/**
 * The conversation, put together from the durable stream and its previews.
 *
 * An entry stands where its first event stood; its text and state are the newest. Entries are replaced, never changed, so
 * that a list draws again only what is another one. Offsets count code points, as the gateway does: a string's own length
 * would go wrong at the first emoji, and every later piece with it.
 */

interface Common {
  key: string;
  seq: number;
  at: string;
}

export type Entry = Common &
  (
    | {
        type: "message";
        role: "agent" | "user";
        promptId: string | null;
        text: string;
        complete: boolean;
        attachments: readonly AttachmentRef[];
      }
    | { type: "thought"; promptId: string | null; text: string; complete: boolean }
    | { type: "tool"; tool: ToolData; updatedAt: string }
    | { type: "plan"; entries: PlanEntry[] }
    | { type: "turn"; promptId: string | null; state: TurnState; stopReason: string | null; error: string | null }
    | { type: "permission"; permissionId: string; title: string }
    | { type: "notice"; level: "info" | "warning" | "error"; code: string; message: string }
  );

interface Text {
  index: number;
  /** What is durable, and how many code points that are. */
  text: string;
  length: number;
  /** What follows it as a preview. */
  preview: string;
  previewLength: number;
  complete: boolean;
}

export class Transcript {
  entries: readonly Entry[] = [];
  /** The number of the last event that was taken. */
  lastSeq = 0;
  #entries: Entry[] = [];
  #texts = new Map<string, Text>();
  #tools = new Map<string, number>();
  #plan: { promptId: string | null; index: number } | undefined;
  #changed = false;

  /** Takes an event; false where one before it is missing, and nothing may be taken until it was sent again. */
  take(frame: StreamFrame): boolean {
    if (frame.seq <= this.lastSeq) return true;
    if (frame.seq !== this.lastSeq + 1) return false;
    this.lastSeq = frame.seq;
    this.#apply(frame);
    return true;
  }

  /** Begins behind an event that somebody else has told already. */
  beginAfter(seq: number): void {
    this.lastSeq = Math.max(this.lastSeq, seq);
  }

  /** Shows a preview where it fits exactly; the next event covers what was left out. */
  preview(messageId: string, kind: "message" | "thought", offset: number, text: string): void {
    const known = this.#texts.get(textKey(kind, messageId));
    if (known === undefined || known.complete || known.length + known.previewLength !== offset) return;
    known.preview += text;
    known.previewLength += codePoints(text);
    this.#show(known);
  }

  /** Makes what was taken visible, at once for many; false where nothing changed. */
  publish(): boolean {
    if (!this.#changed) return false;
    this.#changed = false;
    this.entries = this.#entries.slice();
    return true;
  }

  #apply(frame: StreamFrame): void {
    switch (frame.type) {
      case "message_chunk":
      case "thought_chunk":
        this.#chunk(frame);
        break;
      case "tool":
        this.#tool(frame.seq, frame.timestamp, frame.data);
        break;
      case "plan":
        this.#planned(frame.seq, frame.timestamp, frame.data.prompt_id ?? null, frame.data.entries);
        break;
      case "turn":
        this.#add({
          ...common(frame),
          type: "turn",
          promptId: frame.data.prompt_id,
          state: frame.data.state,
          stopReason: frame.data.stop_reason ?? null,
          error: frame.data.error ?? null,
        });
        break;
      case "permission_request":
        this.#add({
          ...common(frame),
          type: "permission",
          permissionId: frame.data.permission_id,
          title: frame.data.title,
        });
        break;
      case "notice":
        this.#add({ ...common(frame), type: "notice", ...frame.data });
        break;
      default:
        break; // usage, servers and the agent's state show elsewhere
    }
  }

  #chunk(frame: Extract<StreamFrame, { type: "message_chunk" | "thought_chunk" }>): void {
    const { message_id, offset, text, final } = frame.data;
    const kind = frame.type === "message_chunk" ? "message" : "thought";
    const key = textKey(kind, message_id);
    let known = this.#texts.get(key);
    if (known === undefined) {
      const promptId = frame.data.prompt_id ?? null;
      const base = { ...common(frame), key, promptId, text: "", complete: false };
      const index =
        frame.type === "message_chunk"
          ? this.#add({ ...base, type: "message", role: frame.data.role, attachments: frame.data.attachments ?? [] })
          : this.#add({ ...base, type: "thought" });
      known = { index, text: "", length: 0, preview: "", previewLength: 0, complete: false };
      this.#texts.set(key, known);
    }
    const before = known.length;
    // the newer word wins from its offset on
    if (offset < known.length) known.text = firstCodePoints(known.text, offset);
    known.text += text;
    known.length = offset + codePoints(text);
    known.complete ||= final;
    const covered = known.length - before;
    if (known.complete || covered < 0 || covered > known.previewLength) {
      known.preview = "";
      known.previewLength = 0;
    } else {
      known.preview = withoutFirst(known.preview, covered);
      known.previewLength -= covered;
    }
    this.#show(known);
  }

  #tool(seq: number, at: string, tool: ToolData): void {
    const index = this.#tools.get(tool.tool_call_id);
    if (index === undefined) {
      const entry: Entry = { key: `tool ${tool.tool_call_id}`, seq, at, type: "tool", tool, updatedAt: at };
      this.#tools.set(tool.tool_call_id, this.#add(entry));
      return;
    }
    const entry = this.#entries[index];
    if (entry?.type === "tool") this.#replace(index, { ...entry, tool, updatedAt: at });
  }

  #planned(seq: number, at: string, promptId: string | null, entries: PlanEntry[]): void {
    // a plan stands once for a prompt, as it is now, and not again for each step that was done
    if (this.#plan !== undefined && this.#plan.promptId === promptId) {
      const entry = this.#entries[this.#plan.index];
      if (entry?.type === "plan") this.#replace(this.#plan.index, { ...entry, entries });
      return;
    }
    this.#plan = { promptId, index: this.#add({ key: `plan ${seq}`, seq, at, type: "plan", entries }) };
  }

  #show(known: Text): void {
    const entry = this.#entries[known.index];
    if (entry?.type === "message" || entry?.type === "thought") {
      this.#replace(known.index, { ...entry, text: known.text + known.preview, complete: known.complete });
    }
  }

  #add(entry: Entry): number {
    this.#changed = true;
    return this.#entries.push(entry) - 1;
  }

  #replace(index: number, entry: Entry): void {
    this.#changed = true;
    this.#entries[index] = entry;
  }
}

function common(frame: StreamFrame): Common {
  return { key: `${frame.type} ${frame.seq}`, seq: frame.seq, at: frame.timestamp };
}

function textKey(kind: "message" | "thought", messageId: string): string {
  return `${kind} ${messageId}`;
}

export function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        count -= 1;
        index += 1;
      }
    }
  }
  return count;
}

function unitsOf(text: string, points: number): number {
  let units = 0;
  for (let left = points; left > 0 && units < text.length; left -= 1) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}

function firstCodePoints(text: string, count: number): string {
  return text.slice(0, unitsOf(text, count));
}

function withoutFirst(text: string, count: number): string {
  return text.slice(unitsOf(text, count));
}
