import { api, data, type Schemas } from "../client";
import { planKey, textKey, type Entry, type Transcript } from "./transcript";

/**
 * What was said before the window of a transcript, read backwards.
 *
 * The gateway gives the conversation forwards, from any number on: so a span of events before the window is read, and a
 * longer one where in the last one little began, as in a long answer that came in many pieces.
 */

type Given = Schemas["Conversation"]["messages"][number];
type Page = Pick<Schemas["Conversation"], "messages" | "has_more" | "next_cursor">;
/** Reads a page of entries that begin after a number, or from a cursor on. */
export type ReadPage = (from: { after: number } | { cursor: string }) => Promise<Page>;

export const PAGE = 200;
const LONGEST = 3_200;
const ENOUGH = 40;

export function pagesOf(sessionId: string, signal: AbortSignal): ReadPage {
  return (from) =>
    data(
      api.GET("/api/v1/sessions/{session_id}/messages", {
        signal,
        params: { path: { session_id: sessionId }, query: { ...from, limit: PAGE } },
      }),
    );
}

/** Puts some screens of what came before in front of a transcript. */
export async function readBack(transcript: Transcript, read: ReadPage): Promise<void> {
  let found = 0;
  for (let span = PAGE; found < ENOUGH && transcript.begin > 0; span = Math.min(span * 2, LONGEST)) {
    const end = transcript.begin;
    const after = Math.max(0, end - span);
    const entries: Entry[] = [];
    let from: Parameters<ReadPage>[0] | undefined = { after };
    while (from !== undefined) {
      const page: Page = await read(from);
      entries.push(...page.messages.filter((each) => each.seq <= end).map(entryOf));
      const over = !page.has_more || page.next_cursor == null || (page.messages.at(-1)?.seq ?? end) >= end;
      from = over ? undefined : { cursor: page.next_cursor as string };
    }
    // meanwhile nothing else moves the beginning: the window is not trimmed while it is read back
    transcript.prepend(entries, after);
    found += entries.length;
  }
}

export function entryOf(given: Given): Entry {
  const { seq, at } = given;
  switch (given.type) {
    case "message":
      return {
        key: textKey("message", given.message_id), seq, at, type: "message", role: given.role, promptId: given.prompt_id ?? null,
        text: given.text, complete: given.complete, attachments: given.attachments ?? [],
      };
    case "thought":
      return {
        key: textKey("thought", given.message_id), seq, at, type: "thought", promptId: given.prompt_id ?? null,
        text: given.text, complete: given.complete,
      };
    case "tool": {
      const { type, seq: _seq, at: _at, updated_at, ...tool } = given;
      return { key: `tool ${tool.tool_call_id}`, seq, at, type, tool: { ...tool, content: [...tool.content], locations: [...tool.locations] }, updatedAt: updated_at };
    }
    case "plan":
      return { key: planKey(given.prompt_id ?? null), seq, at, type: "plan", entries: given.entries };
    case "turn":
      return {
        key: `turn ${seq}`, seq, at, type: "turn", promptId: given.prompt_id ?? null, state: given.state,
        stopReason: given.stop_reason ?? null, error: given.error ?? null,
      };
    case "permission":
      return { key: `permission_request ${seq}`, seq, at, type: "permission", permissionId: given.permission_id, title: given.title };
    case "notice":
      return { key: `notice ${seq}`, seq, at, type: "notice", level: given.level, code: given.code, message: given.message };
  }
}
