import type { InfiniteData } from "@tanstack/react-query";

import type { Schemas } from "../../../api/client";
import type { SessionSummary } from "../queries";
import type { ListSearch } from "../routes";

/** A list that is kept true by what changed, instead of being read again page by page; pure. */

export type Pages = InfiniteData<Schemas["SessionList"], unknown>;

/** Puts changed sessions where they belong among the loaded ones; those that belong no longer go. */
export function merged(list: Pages, changed: readonly SessionSummary[], search: ListSearch): Pages {
  const last = list.pages.at(-1);
  if (last === undefined || changed.length === 0) return list;
  const rows = new Map<string, SessionSummary>();
  for (const page of list.pages) for (const each of page.sessions) rows.set(each.session_id, each);
  const end = [...rows.values()].at(-1);
  const inOrder = (one: SessionSummary, other: SessionSummary): number => order(one, other, search);
  for (const each of changed) {
    const known = rows.get(each.session_id);
    if (known !== undefined && known.version > each.version) continue;
    if (!belongs(each, search)) rows.delete(each.session_id);
    // beyond the loaded pages it comes with its own page
    else if (known !== undefined || last.next_cursor === null || end === undefined || inOrder(each, end) < 0)
      rows.set(each.session_id, each);
  }
  const all = [...rows.values()].sort(inOrder);
  const later = list.pages.slice(1).map((page) => page.sessions.length);
  let at = Math.max(0, all.length - later.reduce((sum, size) => sum + size, 0));
  const total = last.next_cursor === null ? { total: all.length } : {};
  return {
    ...list,
    pages: list.pages.map((page, index) => {
      if (index === 0) return { ...page, ...total, sessions: all.slice(0, at) };
      const from = at;
      at += later[index - 1] ?? 0;
      return { ...page, ...total, sessions: all.slice(from, at) };
    }),
  };
}

/** Whether more may have changed since `mark` than this page of changes tells. */
export function missesSome(changes: Schemas["SessionList"], mark: string | undefined): boolean {
  const oldest = changes.sessions.at(-1);
  return mark !== undefined && changes.has_more && oldest !== undefined && Date.parse(oldest.updated_at) > Date.parse(mark);
}

function belongs(session: SessionSummary, { status, q }: ListSearch): boolean {
  const text = `${session.name}\n${session.session_id}`.toLowerCase();
  return (
    session.deleted_at == null &&
    (status === undefined || session.status === status) &&
    (q ?? "").toLowerCase().split(/\s+/).every((word) => text.includes(word))
  );
}

/** Newest first; of equal times the greater id, as the server orders. */
function order(one: SessionSummary, other: SessionSummary, { sort }: ListSearch): number {
  const at = (each: SessionSummary): number => Date.parse(sort === "updated_at" ? each.updated_at : each.created_at);
  return at(other) - at(one) || (one.session_id < other.session_id ? 1 : one.session_id > other.session_id ? -1 : 0);
}
