import type { Diagnosis, Dispatch, Permission, SessionSummary } from "./queries";

/**
 * What waits for a person, worst deadline first: pure, so that the list, the number beside the navigation, the title and
 * the desktop's notice cannot disagree.
 */

export type Attention = { key: string; at: string } & (
  | { kind: "permission"; session: SessionSummary; permission: Permission }
  | { kind: "stuck"; session: SessionSummary; diagnosis: Diagnosis }
  | { kind: "provider"; session: SessionSummary }
  | { kind: "failed"; session: SessionSummary }
  | { kind: "dispatch"; dispatch: Dispatch }
);

export interface Facts {
  running: readonly SessionSummary[];
  failed: readonly SessionSummary[];
  pending: readonly SessionSummary[];
  permissions: ReadonlyMap<string, readonly Permission[]>;
  diagnoses: ReadonlyMap<string, Diagnosis | null>;
  dispatches: readonly Dispatch[];
  /** Keys of failures that somebody has looked at. */
  seen: ReadonlySet<string>;
}

/** An older failure is history, not news. */
const NEWS_MS = 24 * 3_600_000;
const ORDER = { permission: 0, provider: 1, stuck: 2, failed: 3, dispatch: 3 } as const;

export function failureKey(sessionId: string): string {
  return `failed:${sessionId}`;
}

export function attention(facts: Facts, now: number): Attention[] {
  const isNews = (at: string | null | undefined): at is string => at != null && now - Date.parse(at) < NEWS_MS;
  const found: Attention[] = [];
  for (const session of [...facts.running, ...facts.pending]) {
    for (const permission of facts.permissions.get(session.session_id) ?? []) {
      if (permission.state !== "pending") continue;
      const key = `permission:${permission.permission_id}`;
      found.push({ kind: "permission", key, at: permission.requested_at, session, permission });
    }
  }
  for (const session of facts.running) {
    if (session.provider_wait?.reason !== "unauthorized" || session.stop_requested != null) continue;
    found.push({ kind: "provider", key: `provider:${session.session_id}`, at: session.updated_at, session });
  }
  for (const session of facts.pending) {
    const diagnosis = facts.diagnoses.get(session.session_id);
    if (diagnosis == null || session.stop_requested != null) continue;
    found.push({ kind: "stuck", key: `stuck:${session.session_id}`, at: session.created_at, session, diagnosis });
  }
  for (const session of facts.failed) {
    const key = failureKey(session.session_id);
    if (!isNews(session.ended_at) || facts.seen.has(key)) continue;
    found.push({ kind: "failed", key, at: session.ended_at, session });
  }
  for (const dispatch of facts.dispatches) {
    const key = `dispatch:${dispatch.dispatch_id}`;
    if (dispatch.state !== "failed" || !isNews(dispatch.resolved_at) || facts.seen.has(key)) continue;
    found.push({ kind: "dispatch", key, at: dispatch.resolved_at, dispatch });
  }
  return found.sort((one, other) => ORDER[one.kind] - ORDER[other.kind] || deadline(one) - deadline(other));
}

/** Requests by when they are refused for want of an answer; the rest by what happened last. */
function deadline(each: Attention): number {
  if (each.kind !== "permission") return -Date.parse(each.at);
  return Date.parse(each.permission.expires_at ?? each.at);
}
