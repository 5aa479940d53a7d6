import { describe, expect, it } from "vitest";

import type { Schemas } from "../client";
import type { StreamFrame } from "./frames";
import { readBack, type ReadPage } from "./history";
import { Transcript } from "./transcript";

const at = "2026-06-01T12:00:00.000Z";

const chunk = (seq: number, offset: number, text: string, final = true, id = `m${seq}`): StreamFrame => ({
  type: "message_chunk", seq, timestamp: at,
  data: { message_id: id, prompt_id: null, role: "agent", offset, text, final },
});

const tool = (seq: number, id: string, status: "in_progress" | "completed"): StreamFrame => ({
  type: "tool", seq, timestamp: `2026-06-01T12:00:00.${String(seq).padStart(3, "0")}Z`,
  data: { tool_call_id: id, title: id, kind: "read", status, content: [], locations: [] },
});

type Messages = Schemas["Conversation"]["messages"];

/** A gateway: the conversation of a stream, forwards, a page at a time, as it stood at some event. */
function gateway(stream: readonly StreamFrame[], asked: object[] = [], limit = 200): ReadPage {
  return (from) => {
    asked.push(from);
    const begin = "after" in from ? from.after : Number(from.cursor);
    const whole = new Transcript();
    for (const frame of stream) whole.take(frame);
    whole.publish();
    const found = whole.entries.filter((entry) => entry.seq > begin);
    const messages = found.slice(0, limit).map((entry) =>
      entry.type === "message"
        ? { type: entry.type, seq: entry.seq, at: entry.at, message_id: entry.key.split(" ")[1], prompt_id: null, role: entry.role, text: entry.text, complete: entry.complete, attachments: [] }
        : entry.type === "tool"
          ? { type: entry.type, seq: entry.seq, at: entry.at, updated_at: entry.updatedAt, input: null, name: null, prompt_id: null, ...entry.tool }
          : entry,
    ) as Messages;
    const more = found.length > limit;
    return Promise.resolve({ messages, has_more: more, next_cursor: more ? String(found[limit - 1]?.seq) : null });
  };
}

const shown = (transcript: Transcript): string[] => {
  transcript.publish();
  return transcript.entries.map((entry) =>
    entry.type === "message" ? entry.text : entry.type === "tool" ? `${entry.tool.title} ${entry.tool.status}` : entry.type,
  );
};

const words = (count: number): StreamFrame[] => Array.from({ length: count }, (_, index) => chunk(index + 1, 0, `word ${index + 1}`));

describe("the window of a transcript", () => {
  it("opens a long history by its newest page alone, and reads back to its beginning, each once", async () => {
    const stream = words(1_000);
    const asked: object[] = [];
    const transcript = new Transcript();
    transcript.beginAfter(1_000);
    await readBack(transcript, gateway(stream, asked));
    expect(asked).toEqual([{ after: 800 }]);
    expect(shown(transcript)).toEqual(stream.slice(800).map((_, index) => `word ${index + 801}`));
    while (transcript.begin > 0) await readBack(transcript, gateway(stream, asked));
    expect(shown(transcript)).toHaveLength(1_000);
    expect(new Set(shown(transcript)).size).toBe(1_000);
    expect(transcript.entries[0]).toMatchObject({ seq: 1 });
  });

  it("goes on with what happens behind it, and notices a gap", async () => {
    const stream = words(12);
    const transcript = new Transcript();
    transcript.beginAfter(10);
    expect(transcript.take(chunk(12, 0, "word 12"))).toBe(false);
    expect(transcript.take(chunk(11, 0, "word 11"))).toBe(true);
    expect(transcript.take(chunk(12, 0, "word 12"))).toBe(true);
    await readBack(transcript, gateway(stream));
    expect(shown(transcript)).toEqual(words(12).map((_, index) => `word ${index + 1}`));
  });

  it.each([4, 5, 6, 7, 8])("joins a text that was under way, when the page is of event %i and the stream of event 7", async (page) => {
    const pieces = ["👩‍💻a", "b", "日", "d", "e", "f", "g", "h"];
    let offset = 0;
    const stream = pieces.map((text, index) => {
      const made = chunk(index + 1, offset, text, index === 7, "long");
      offset += [...text].length;
      return made;
    });
    const transcript = new Transcript();
    transcript.beginAfter(3);
    for (const frame of stream.slice(3, 7)) transcript.take(frame);
    expect(shown(transcript)).toEqual([]);
    await readBack(transcript, gateway(stream.slice(0, page)));
    expect(shown(transcript)).toEqual([pieces.slice(0, Math.max(page, 7)).join("")]);
    transcript.take(stream[7] as StreamFrame);
    expect(shown(transcript)).toEqual([pieces.join("")]);
    expect(transcript.entries[0]).toMatchObject({ complete: true });
  });

  it("shows a tool call once, where it began and as it stands, however the page and the stream overlap", async () => {
    const stream = [tool(1, "a", "in_progress"), tool(2, "b", "in_progress"), tool(3, "a", "completed")];
    const transcript = new Transcript();
    transcript.beginAfter(2);
    transcript.take(stream[2] as StreamFrame);
    expect(shown(transcript)).toEqual(["a completed"]);
    await readBack(transcript, gateway(stream.slice(0, 2)));
    expect(shown(transcript)).toEqual(["a completed", "b in_progress"]);
    transcript.take(tool(4, "b", "completed"));
    expect(shown(transcript)).toEqual(["a completed", "b completed"]);
  });

  it("keeps the newest when it is trimmed, and has the others again when they are read", async () => {
    const stream = words(10_000);
    const transcript = new Transcript();
    let most = 0;
    for (const frame of stream) {
      transcript.take(frame);
      transcript.trim(600);
      most = Math.max(most, shown(transcript).length);
    }
    expect(most).toBeLessThanOrEqual(900);
    expect(shown(transcript).at(-1)).toBe("word 10000");
    const before = shown(transcript).length;
    await readBack(transcript, gateway(stream));
    expect(shown(transcript)).toHaveLength(before + 200);
    expect(shown(transcript).slice(0, 2)).toEqual([`word ${10_000 - before - 199}`, `word ${10_000 - before - 198}`]);
  });

  it("takes no harm from what was still under way when it was taken out", async () => {
    const stream = [chunk(1, 0, "begin", false, "long"), tool(2, "slow", "in_progress"), ...words(23).slice(2)];
    const transcript = new Transcript();
    for (const frame of stream) transcript.take(frame);
    transcript.trim(10);
    stream.push(tool(24, "slow", "completed"), chunk(25, 5, " and end", true, "long"));
    for (const frame of stream) transcript.take(frame);
    expect(shown(transcript)).toHaveLength(10);
    await readBack(transcript, gateway(stream.slice(0, 23)));
    expect(shown(transcript).slice(0, 3)).toEqual(["begin and end", "slow completed", "word 3"]);
    expect(shown(transcript)).toHaveLength(23);
  });

  it("looks further back at each step where little began", async () => {
    const stream = [chunk(1, 0, "a", false, "long"), ...Array.from({ length: 2_998 }, (_, index) => chunk(index + 2, index + 1, "a", index === 2_997, "long"))];
    const asked: object[] = [];
    const transcript = new Transcript();
    transcript.beginAfter(2_999);
    await readBack(transcript, gateway(stream, asked));
    expect(shown(transcript)).toEqual(["a".repeat(2_999)]);
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});
