import { describe, expect, it } from "vitest";

import type { StreamFrame } from "./frames";
import { codePoints, Transcript, type Entry } from "./transcript";

const at = "2026-06-01T12:00:00.000Z";

function chunk(seq: number, offset: number, text: string, final = false, id = "m1"): StreamFrame {
  return {
    type: "message_chunk",
    seq,
    timestamp: at,
    data: { message_id: id, prompt_id: null, role: "agent", offset, text, final },
  };
}

function texts(transcript: Transcript): string[] {
  transcript.publish();
  return transcript.entries.map((entry: Entry) => (entry.type === "message" ? entry.text : entry.type));
}

describe("the transcript", () => {
  it("takes each number once, in order, and nothing beyond a gap", () => {
    const transcript = new Transcript();
    expect(transcript.take(chunk(1, 0, "a"))).toBe(true);
    expect(transcript.take(chunk(3, 2, "c"))).toBe(false);
    expect(transcript.lastSeq).toBe(1);
    expect(transcript.take(chunk(2, 1, "b"))).toBe(true);
    expect(transcript.take(chunk(1, 0, "again"))).toBe(true);
    expect(transcript.take(chunk(3, 2, "c", true))).toBe(true);
    expect(texts(transcript)).toEqual(["abc"]);
  });

  it("counts code points, so that text behind an emoji fits", () => {
    const transcript = new Transcript();
    transcript.take(chunk(1, 0, "👩‍💻日本"));
    const length = [..."👩‍💻日本"].length;
    expect(codePoints("👩‍💻日本")).toBe(length);
    transcript.preview("m1", "message", length, "語");
    expect(texts(transcript)).toEqual(["👩‍💻日本語"]);
    transcript.take(chunk(2, length, "語です", true));
    expect(texts(transcript)).toEqual(["👩‍💻日本語です"]);
  });

  it("shows a preview where it fits exactly, and lets the next chunk cover it", () => {
    const transcript = new Transcript();
    transcript.take(chunk(1, 0, "Hello"));
    transcript.preview("m1", "message", 5, ", wor");
    transcript.preview("m1", "message", 12, "lost before this");
    transcript.preview("m1", "message", 10, "ld");
    expect(texts(transcript)).toEqual(["Hello, world"]);
    transcript.take(chunk(2, 5, ", w"));
    expect(texts(transcript)).toEqual(["Hello, world"]);
    transcript.take(chunk(3, 8, "orld!", true));
    expect(texts(transcript)).toEqual(["Hello, world!"]);
    transcript.preview("m1", "message", 13, "too late");
    expect(texts(transcript)).toEqual(["Hello, world!"]);
  });

  it("believes the newer word from its offset on", () => {
    const transcript = new Transcript();
    transcript.take(chunk(1, 0, "one two"));
    transcript.take(chunk(2, 4, "three", true));
    expect(texts(transcript)).toEqual(["one three"]);
  });

  it("is the same whatever previews were lost, repeated or late", () => {
    const whole = "日本語と👩‍💻 and text ".repeat(20);
    const points = [...whole];
    const seed = (start: number) => {
      let state = start;
      return () => (state = (state * 48271) % 2147483647) / 2147483647;
    };
    for (let round = 1; round <= 50; round += 1) {
      const random = seed(round);
      const transcript = new Transcript();
      let seq = 0;
      let durable = 0;
      while (durable < points.length) {
        const next = Math.min(points.length, durable + 1 + Math.floor(random() * 12));
        for (let offset = durable; offset < next; offset += 1) {
          if (random() < 0.7) transcript.preview("m1", "message", offset, points[offset] ?? "");
        }
        if (seq > 0 && random() < 0.2) transcript.take(chunk(seq, 0, "a repeat"));
        seq += 1;
        transcript.take(chunk(seq, durable, points.slice(durable, next).join(""), next === points.length));
        durable = next;
      }
      expect(texts(transcript).join("")).toContain(whole.slice(-20));
      expect(texts(transcript).at(-1)).toBe(whole);
    }
  });

  it("keeps entries that did not change, so that a list draws only what did", () => {
    const transcript = new Transcript();
    transcript.take(chunk(1, 0, "first", true, "m1"));
    transcript.take(chunk(2, 0, "second", false, "m2"));
    transcript.publish();
    const [first, second] = transcript.entries;
    transcript.take(chunk(3, 6, "!", true, "m2"));
    expect(transcript.publish()).toBe(true);
    expect(transcript.entries[0]).toBe(first);
    expect(transcript.entries[1]).not.toBe(second);
    expect(transcript.publish()).toBe(false);
  });

  it("shows a tool call once, as it stands", () => {
    const transcript = new Transcript();
    const tool = (seq: number, status: "pending" | "completed"): StreamFrame => ({
      type: "tool",
      seq,
      timestamp: at,
      data: { tool_call_id: "t1", title: "ls", kind: "execute", status, content: [], locations: [] },
    });
    transcript.take(tool(1, "pending"));
    transcript.take(tool(2, "completed"));
    transcript.publish();
    expect(transcript.entries).toHaveLength(1);
    expect(transcript.entries[0]).toMatchObject({ type: "tool", seq: 1, tool: { status: "completed" } });
  });
});
