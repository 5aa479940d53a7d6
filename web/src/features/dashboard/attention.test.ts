import { describe, expect, it } from "vitest";

import { attention, type Facts } from "./attention";
import type { Diagnosis, Dispatch, Permission, SessionSummary } from "./queries";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

function session(id: string, more: Partial<SessionSummary> = {}): SessionSummary {
  return { session_id: id, name: id, created_at: ago(30), updated_at: ago(5), ...more } as SessionSummary;
}

function permission(id: string, more: Partial<Permission> = {}): Permission {
  return { permission_id: id, state: "pending", requested_at: ago(2), ...more } as Permission;
}

const NONE: Facts = {
  running: [],
  failed: [],
  pending: [],
  permissions: new Map(),
  diagnoses: new Map(),
  dispatches: [],
  seen: new Set(),
};
const keys = (facts: Partial<Facts>): string[] => attention({ ...NONE, ...facts }, NOW).map((each) => each.key);

describe("what waits for a person", () => {
  it("begins with the request that is refused first", () => {
    const permissions = new Map([
      ["one", [permission("late", { expires_at: ago(-9) }), permission("done", { state: "answered" })]],
      ["two", [permission("soon", { expires_at: ago(-1) })]],
    ]);
    const found = keys({
      running: [session("one"), session("two")],
      failed: [session("broken", { ended_at: ago(1) })],
      permissions,
    });
    expect(found).toEqual(["permission:soon", "permission:late", "failed:broken"]);
  });

  it("forgets failures that somebody has looked at, and those that are a day old", () => {
    const failed = [session("new", { ended_at: ago(5) }), session("seen", { ended_at: ago(5) }), session("old", { ended_at: ago(1500) })];
    expect(keys({ failed, seen: new Set(["failed:seen"]) })).toEqual(["failed:new"]);
  });

  it("names a start that is stuck, and none that goes well or is being stopped", () => {
    const diagnosis = { code: "insufficient_memory" } as Diagnosis;
    const pending = [
      session("stuck"),
      session("fine"),
      session("leaving", { stop_requested: { at: ago(1), by: "you", reason: "stopped", force: false } }),
    ];
    const diagnoses = new Map([["stuck", diagnosis], ["fine", null], ["leaving", diagnosis]]);
    expect(keys({ pending, diagnoses })).toEqual(["stuck:stuck"]);
  });

  it("names a session whose model refuses its key, and none that waits for its turn", () => {
    const wait = (reason: "unauthorized" | "rate_limited") => ({ provider_wait: { reason, attempts: 1 } });
    expect(keys({ running: [session("key", wait("unauthorized")), session("limit", wait("rate_limited"))] })).toEqual(["provider:key"]);
  });

  it("names what a webhook or a schedule could not start", () => {
    const dispatch = (id: string, state: string) => ({ dispatch_id: id, state, resolved_at: ago(3) }) as Dispatch;
    expect(keys({ dispatches: [dispatch("a", "failed"), dispatch("b", "dispatched")] })).toEqual(["dispatch:a"]);
  });
});
