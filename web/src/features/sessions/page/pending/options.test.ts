import { describe, expect, it } from "vitest";

import type { SessionSummary } from "../../queries";
import type { Shortage } from "../evidence";
import { idleFirst, isStuck, smallerOf } from "./options";

const asked = { cpu_limit: "4", memory_limit: "8Gi" };
const short = (resource: string, there: string): Shortage => ({ resource, requested: "", there, missing: "", share: 0, nodes: 1, rooms: [] });

describe("a smaller size", () => {
  it.each([
    ["insufficient_memory", [short("memory", "6.3Gi")], { memory_limit: "6Gi" }],
    ["insufficient_memory", [short("cpu", "1")], { memory_limit: "4Gi" }],
    ["insufficient_cpu", [short("cpu", "2.5")], { cpu_limit: "2" }],
    // it has room for all, or for nothing: nothing smaller would be honest
    ["insufficient_memory", [short("memory", "900Mi")], undefined],
    ["image_pull", [], undefined],
  ])("after %s is what may fit", (code, shortages, config) => {
    expect(smallerOf(code, asked, shortages)?.config).toEqual(config);
  });
  it("is never as large as what did not fit, and never nothing", () => {
    expect(smallerOf("insufficient_memory", { ...asked, memory_limit: "1Gi" }, [])).toBeUndefined();
  });
});

it("offers those that wait longest first, and none that is ending", () => {
  const session = (name: string, agent_state: string, at: number, ending = false): SessionSummary =>
    ({ name, agent_state, updated_at: new Date(at).toISOString(), stop_requested: ending ? {} : null }) as unknown as SessionSummary;
  const rows = [session("busy", "working", 1), session("new", "ready", 9), session("old", "ready", 2), session("gone", "ready", 0, true)];
  expect(idleFirst(rows).map((each) => each.name)).toEqual(["old", "new", "busy"]);
});

it("tells what is stuck from what takes its time", () => {
  expect([isStuck("insufficient_memory"), isStuck("cloning")]).toEqual([true, false]);
});
