import { expect, it } from "vitest";

import type { Entry } from "../../api/events/transcript";
import { rowsOf, tallied, type ToolEntry } from "./rows";

const at = "2026-06-01T12:00:00.000Z";

function tool(seq: number, promptId: string, name: string | null = "Read"): ToolEntry {
  return {
    key: `tool ${seq}`, seq, at, updatedAt: at, type: "tool",
    tool: { tool_call_id: `${seq}`, prompt_id: promptId, name, title: "a call", kind: "read", status: "completed", content: [], locations: [] },
  };
}

function message(seq: number): Entry {
  return { key: `message ${seq}`, seq, at, type: "message", role: "agent", promptId: "p", text: "words", complete: true, attachments: [] };
}

const shape = (entries: readonly Entry[]): (string | number)[] =>
  rowsOf(entries).map((row) => (row.kind === "tools" ? row.tools.length : row.entry.key));

it("puts tool calls of one turn that follow each other on one line", () => {
  expect(shape([message(1), tool(2, "p"), tool(3, "p"), message(4), tool(5, "p"), tool(6, "p"), tool(7, "p")])).toEqual(["message 1", 2, "message 4", 3]);
});

it("leaves a single call as it is, and calls of two turns apart", () => {
  expect(shape([tool(1, "p"), message(2), tool(3, "p"), tool(4, "q")])).toEqual(["tool 1", "message 2", "tool 3", "tool 4"]);
});

it("keeps the key of a line when another call joins it", () => {
  expect(rowsOf([tool(1, "p"), tool(2, "p")])[0]?.key).toBe(rowsOf([tool(1, "p")])[0]?.key);
});

it("counts calls by name, in the order in which they came, and by kind where there is no name", () => {
  expect(tallied([tool(1, "p", "Bash"), tool(2, "p"), tool(3, "p"), tool(4, "p", null)])).toEqual([
    { key: "Bash", count: 1 },
    { key: "Read", count: 2 },
    { key: "kind read", count: 1 },
  ]);
});
