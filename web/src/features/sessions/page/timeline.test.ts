import { describe, expect, it } from "vitest";

import type { Schemas } from "../../../api/client";
import en from "../../../i18n/parts/sessions-page.en.json";
import ja from "../../../i18n/parts/sessions-page.ja.json";
import { colourOf, detailsOf, keyOf } from "./timeline";

const entry = (data: Record<string, unknown>, reason: string | null = null) => ({
  id: "evt-1", type: "ccplant.session.failed", time: "2026-11-22T00:00:00Z", reason, data,
});

describe("the timeline", () => {
  it("names an event by its last word and colours what failed", () => {
    expect(keyOf("ccplant.session.stop_requested")).toBe("session_stop_requested");
    expect(colourOf("ccplant.session.failed")).toBe("red");
    expect(colourOf("ccplant.session.never_heard_of")).toBe("gray");
  });

  it("shows facts beside the rest, and neither what the title says nor what is empty", () => {
    const shown = detailsOf(entry({ status: "failed", by: null, facts: { exit_code: 137, lines: ["a", "b"] } }, "oom_killed"), "en");
    expect(shown).toEqual([
      { name: "reason", text: "oom_killed" },
      { name: "exit_code", text: "137" },
      { name: "lines", text: "a b" },
    ]);
  });

  it("leaves out what is so mostly, and who asked for the agent's own turn", () => {
    const turn = { ...entry({ number: 17, by: "ann", state: "done", stop_reason: "end_turn" }), type: "ccplant.prompt.ended" };
    expect(detailsOf(turn, "en")).toEqual([{ name: "state", text: "done" }]);
    const stop = { ...entry({ reason: "stopped", by: "ann", force: false }), type: "ccplant.session.stop_requested" };
    expect(detailsOf(stop, "en")).toEqual([{ name: "reason", text: "stopped" }, { name: "by", text: "ann" }]);
    expect(detailsOf(entry({ facts: { limit: "4Gi" } }, "setup_failed"), "en")).toEqual([{ name: "reason", text: "setup_failed" }]);
    expect(detailsOf(entry({ facts: { limit: "4Gi" } }, "oom_killed"), "en")).toContainEqual({ name: "limit", text: "4\u00a0GiB" });
  });

  it("tells a sentence in the reader's language alone, and no English one that the reason says in theirs", () => {
    const said = entry({ note: { ja: "止まりました。", en: "It stopped." } });
    expect(detailsOf(said, "ja")).toEqual([{ name: "note", text: "止まりました。" }]);
    expect(detailsOf(said, "en")).toEqual([{ name: "note", text: "It stopped." }]);
    const facts = { detail: "the set-up script ended with exit code 3", exit_code: 3 };
    expect(detailsOf(entry({ facts }, "setup_failed"), "ja").map(({ name }) => name)).toEqual(["reason", "exit_code"]);
    expect(detailsOf(entry({ facts: { detail: "fatal: no" } }, "clone_failed"), "ja")).toContainEqual({ name: "detail", text: "fatal: no" });
  });

  it("has words in both languages for each reason of an end", () => {
    // what the schema has more, the compiler misses here
    const reasons: Record<Exclude<Schemas["Reason"], "created" | "registered">, true> = {
      task_finished: true, agent_ended: true, owner_completed: true, start_failed: true, start_timeout: true, clone_failed: true,
      setup_failed: true, agent_crashed: true, runner_crashed: true, runner_lost: true, internal_error: true, timeout: true,
      oom_killed: true, node_shutdown: true, evicted: true, stopped: true, deleted: true, pod_deleted: true,
    };
    for (const { timeline } of [en, ja]) expect(Object.keys(timeline.value.reason)).toEqual(expect.arrayContaining(Object.keys(reasons)));
    for (const { timeline } of [en, ja]) expect(Object.keys(timeline.value.state)).toContain("withdrawn");
  });

  it("says of nobody that they answered what the settings or the end did", () => {
    const answered = { ...entry({ kind: "allow_once", source: "policy", by: "policy" }), type: "ccplant.permission.answered" };
    expect(detailsOf(answered, "en").map(({ name }) => name)).toEqual(["kind", "source"]);
  });

  it("says what is not so by silence", () => {
    expect(detailsOf(entry({ some: false, other: { one: false, two: 2 } }), "en")).toEqual([{ name: "other", text: "two: 2" }]);
  });

  it("cuts what is long", () => {
    expect(detailsOf(entry({ note: "x".repeat(1000) }), "en")[0]?.text).toHaveLength(401);
  });
});
