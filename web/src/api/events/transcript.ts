import type { AttachmentRef, PlanEntry, StreamFrame, ToolData, TurnState } from "./frames";

/**
 * The conversation, put together from the durable stream and its previews.
 *
 * An entry stands where its first event stood; its text and state are the newest. Entries are replaced, never changed, so
 * that a list draws again only what is another one. Offsets count code points, as the gateway does: a string's own length
 * would go wrong at the first emoji, and every later piece with it.
 *
 * What is here is a window: it begins behind some event, what came before it is put in front when somebody wants to read
 * it, and is taken out again when nobody does, so that a session of weeks costs no more than one of an hour.
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
    | { type: "plan"; entries: readonly PlanEntry[] }
    | { type: "turn"; promptId: string | null; state: TurnState; stopReason: string | null; error: string | null }
    | { type: "permission"; permissionId: string; title: string }
    | { type: "notice"; level: "info" | "warning" | "error"; code: string; message: string }
  );

interface Text {
  /** Where its entry stands; undefined where that is before the window. */
  index: number | undefined;
  /** How many code points come before what is durable here: 0 but for what began before the window. */
  from: number;
  /** What is durable, and how many code points that are. */
  text: string;
  length: number;
  /** What follows it as a preview. */
  preview: string;
  previewLength: number;
  complete: boolean;
}

/** Texts that began before the window, of which the end is kept until their beginning comes. */
const MOST_HEADLESS = 50;

export class Transcript {
  entries: readonly Entry[] = [];
  /** The number of the last event that was taken. */
  lastSeq = 0;
  /** What this event and those before it began is not here; 0: everything is. */
  begin = 0;
  #entries: Entry[] = [];
  #texts = new Map<string, Text>();
  #tools = new Map<string, number>();
  /** Tool calls that were taken out while they ran, as they stand now. */
  #above = new Map<string, Extract<Entry, { type: "tool" }>>();
  #plans = new Map<string, number>();
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
    this.begin = this.lastSeq;
  }

  /** Puts in front what began after `begin` and before the window; what goes on in the window is one with its beginning. */
  prepend(older: readonly Entry[], begin: number): void {
    const here = new Map(this.#entries.map((entry) => [entry.key, entry]));
    const joined = new Set<string>();
    const front = new Map<string, Entry>();
    for (const entry of older) {
      if (entry.seq > this.begin || entry.seq <= begin) continue;
      const known = here.get(entry.key);
      if (known !== undefined) joined.add(entry.key);
      const place = front.get(entry.key) ?? entry;
      front.set(entry.key, { ...this.#joined(entry, known), seq: place.seq, at: place.at });
    }
    this.#entries = [...front.values(), ...this.#entries.filter((entry) => !joined.has(entry.key))];
    this.begin = begin;
    this.#index();
    this.#changed = true;
  }

  /** Takes out the oldest where there are many more than `most`: they are there to be read again. */
  trim(most: number): void {
    if (this.#entries.length <= most * 1.5) return;
    const gone = this.#entries.splice(0, this.#entries.length - most);
    this.begin = (this.#entries[0]?.seq ?? this.lastSeq + 1) - 1;
    for (const entry of gone) {
      if (entry.type === "tool") {
        this.#tools.delete(entry.tool.tool_call_id);
        if (!FINISHED.has(entry.tool.status)) this.#above.set(entry.tool.tool_call_id, entry);
      } else if (entry.type === "plan") {
        this.#plans.delete(entry.key);
      } else if (entry.type === "message" || entry.type === "thought") {
        const known = this.#texts.get(entry.key);
        if (known === undefined || known.complete) this.#texts.delete(entry.key);
        else this.#texts.set(entry.key, { ...emptyText(known.length), index: undefined });
      }
    }
    this.#index();
    this.#changed = true;
  }

  /** Shows a preview where it fits exactly; the next event covers what was left out. */
  preview(messageId: string, kind: "message" | "thought", offset: number, text: string): void {
    const known = this.#texts.get(textKey(kind, messageId));
    if (known === undefined || known.complete || known.length + known.previewLength !== offset) return;
    if (known.index === undefined) return;
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
    if (known === undefined && offset > 0 && this.begin > 0) {
      known = { ...emptyText(offset), index: undefined };
      this.#texts.set(key, known);
      this.#forget();
    }
    if (known === undefined) {
      const promptId = frame.data.prompt_id ?? null;
      const base = { ...common(frame), key, promptId, text: "", complete: false };
      const index =
        frame.type === "message_chunk"
          ? this.#add({ ...base, type: "message", role: frame.data.role, attachments: frame.data.attachments ?? [] })
          : this.#add({ ...base, type: "thought" });
      known = { ...emptyText(0), index };
      this.#texts.set(key, known);
    }
    const before = known.length;
    // the newer word wins from its offset on
    if (offset < known.length) known.text = firstCodePoints(known.text, Math.max(0, offset - known.from));
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
    const above = this.#above.get(tool.tool_call_id);
    if (above !== undefined) {
      this.#above.set(tool.tool_call_id, { ...above, tool, updatedAt: at });
      return;
    }
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
    const key = planKey(promptId);
    const index = this.#plans.get(key);
    if (index === undefined) {
      this.#plans.set(key, this.#add({ key, seq, at, type: "plan", entries }));
      return;
    }
    const entry = this.#entries[index];
    if (entry?.type === "plan") this.#replace(index, { ...entry, entries });
  }

  /** An entry that began before the window, with what is known of it since. */
  #joined(entry: Entry, known: Entry | undefined): Entry {
    if (entry.type === "message" || entry.type === "thought") {
      const tail = this.#texts.get(entry.key);
      const length = codePoints(entry.text);
      // the page is of another moment than the stream: whichever knows more of the text is right
      const later = tail !== undefined && length >= tail.from && tail.length > length;
      const text = later ? firstCodePoints(entry.text, tail.from) + tail.text : entry.text;
      const complete = entry.complete || tail?.complete === true;
      this.#texts.set(entry.key, { ...emptyText(0), index: undefined, text, length: later ? tail.length : length, complete });
      return { ...entry, text, complete };
    }
    if (entry.type === "tool") {
      const id = entry.tool.tool_call_id;
      const since = known?.type === "tool" ? known : this.#above.get(id);
      this.#above.delete(id);
      return since !== undefined && since.updatedAt >= entry.updatedAt ? { ...entry, tool: since.tool, updatedAt: since.updatedAt } : entry;
    }
    if (entry.type === "plan" && known?.type === "plan") return { ...entry, entries: known.entries };
    return entry;
  }

  /** Finds again where everything stands. */
  #index(): void {
    this.#tools.clear();
    this.#plans.clear();
    for (const [index, entry] of this.#entries.entries()) {
      if (entry.type === "tool") this.#tools.set(entry.tool.tool_call_id, index);
      else if (entry.type === "plan") this.#plans.set(entry.key, index);
      else if (entry.type === "message" || entry.type === "thought") {
        const known = this.#texts.get(entry.key);
        if (known !== undefined) known.index = index;
      }
    }
  }

  #forget(): void {
    const headless = [...this.#texts].filter(([, text]) => text.index === undefined);
    for (const [key] of headless.slice(0, Math.max(0, headless.length - MOST_HEADLESS))) this.#texts.delete(key);
  }

  #show(known: Text): void {
    if (known.index === undefined) return;
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

const FINISHED: ReadonlySet<string> = new Set(["completed", "failed"]);

function emptyText(from: number): Omit<Text, "index"> {
  return { from, text: "", length: from, preview: "", previewLength: 0, complete: false };
}

export function planKey(promptId: string | null): string {
  return `plan ${promptId ?? ""}`;
}

export function textKey(kind: "message" | "thought", messageId: string): string {
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
