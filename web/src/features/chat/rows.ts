import type { Permission } from "../../api/events/frames";
import type { Entry } from "../../api/events/transcript";

/** The lines of the conversation: an entry each, but for tool calls that follow each other in one turn; pure. */

export type ToolEntry = Extract<Entry, { type: "tool" }>;

export type Row = { key: string; seq: number } & ({ kind: "entry"; entry: Entry } | { kind: "tools"; tools: readonly ToolEntry[] });

export function rowsOf(entries: readonly Entry[]): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < entries.length; ) {
    const entry = entries[index] as Entry;
    const tools = entry.type === "tool" ? together(entries, index, entry) : [];
    // the line keeps the key of its first call, so that it stays the same one when a second call joins it
    const common = { key: entry.key, seq: entry.seq };
    rows.push(tools.length > 1 ? { ...common, kind: "tools", tools } : { ...common, kind: "entry", entry });
    index += Math.max(1, tools.length);
  }
  return rows;
}

function together(entries: readonly Entry[], from: number, first: ToolEntry): ToolEntry[] {
  const found: ToolEntry[] = [];
  for (let index = from; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry?.type !== "tool" || (entry.tool.prompt_id ?? null) !== (first.tool.prompt_id ?? null)) break;
    found.push(entry);
  }
  return found;
}

/** How often each tool was called, in the order in which they came first; one without a name by its kind. */
export function tallied(tools: readonly ToolEntry[]): { key: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { tool } of tools) {
    const key = tool.name == null || tool.name === "" ? `kind ${tool.kind}` : tool.name;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => ({ key, count }));
}

/** The tool calls that somebody, or the rules, did not allow. */
export function refusedCalls(permissions: ReadonlyMap<string, Permission>): ReadonlySet<string> {
  return new Set(
    [...permissions.values()].flatMap((each) =>
      each.tool_call_id != null && each.answer != null && each.answer.kind.startsWith("reject") ? [each.tool_call_id] : [],
    ),
  );
}
