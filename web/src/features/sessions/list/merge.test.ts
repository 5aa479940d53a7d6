import { describe, expect, it } from "vitest";

import type { Schemas } from "../../../api/client";
import type { SessionSummary } from "../queries";
import { merged, missesSome, type Pages } from "./merge";

function session(id: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, id)).toISOString();
  return {
    session_id: `s-${String(id).padStart(3, "0")}`,
    name: `review ${id}`,
    status: "running",
    version: 1,
    created_at: at,
    updated_at: at,
    deleted_at: null,
    ...changes,
  } as SessionSummary;
}

function page(ids: readonly number[], next: string | null): Schemas["SessionList"] {
  const has_more = next !== null;
  return { sessions: ids.map((id) => session(id)), total: 9, limit: 3, offset: 0, has_more, next_offset: null, next_cursor: next, total_capped: false };
}

const list: Pages = { pages: [page([9, 8, 7], "a"), page([6, 5, 4], "b")], pageParams: [null, "a"] };
const ids = (pages: Pages): string[] => pages.pages.flatMap((each) => each.sessions.map(({ session_id }) => session_id));

describe("a list that is kept true by what changed", () => {
  it("changes a row in its place, and keeps every other as it is", () => {
    const after = merged(list, [session(5, { status: "failed", version: 2 })], {});
    expect(ids(after)).toEqual(ids(list));
    expect(after.pages[1]?.sessions[1]?.status).toBe("failed");
    expect(after.pages[0]?.sessions[0]).toBe(list.pages[0]?.sessions[0]);
  });
  it("puts a new session first, and leaves the others in the order of the server", () => {
    expect(ids(merged(list, [session(10)], {}))).toEqual(["s-010", "s-009", "s-008", "s-007", "s-006", "s-005", "s-004"]);
  });
  it("moves what was changed last to the top where the list is in that order", () => {
    const moved = session(2, { version: 3, updated_at: session(50).updated_at });
    expect(ids(merged(list, [moved], { sort: "updated_at" }))[0]).toBe("s-002");
  });
  it("leaves what lies beyond the loaded pages to its own page, until all are loaded", () => {
    expect(ids(merged(list, [session(2)], {}))).toEqual(ids(list));
    const whole = { ...list, pages: [page([9, 8, 7], "a"), page([6, 5, 4], null)] };
    const after = merged(whole, [session(2)], {});
    expect(ids(after).at(-1)).toBe("s-002");
    expect(after.pages[0]?.total).toBe(7);
  });
  it.each([
    [session(8, { deleted_at: "2026-01-01T00:00:00Z" }), {}],
    [session(8, { status: "completed" }), { status: "running" as const }],
    [session(8, { name: "other" }), { q: "Review" }],
  ])("takes away what belongs no longer", (changed, search) => {
    expect(ids(merged(list, [changed], search))).toEqual(["s-009", "s-007", "s-006", "s-005", "s-004"]);
  });
  it("finds words of the name or the id in whatever case", () => {
    expect(ids(merged(list, [session(10, { name: "Pre-REVIEW" })], { q: "review S-01" }))).toContain("s-010");
  });
  it("keeps the newer of two states that come in the wrong order", () => {
    const now = merged(list, [session(9, { version: 4, name: "new" })], {});
    expect(merged(now, [session(9, { version: 3, name: "old" })], {}).pages[0]?.sessions[0]?.name).toBe("new");
  });
});

it("tells when more changed than one page of changes has", () => {
  const changes = page([9, 8, 7], "a");
  expect(missesSome(changes, session(7).updated_at)).toBe(false);
  expect(missesSome(changes, session(3).updated_at)).toBe(true);
  expect(missesSome(changes, undefined)).toBe(false);
  expect(missesSome({ ...changes, has_more: false }, session(3).updated_at)).toBe(false);
});
