import { describe, expect, it } from "vitest";

import { evidenceOf, headlineOf, lineOf, moreMemory, quantityOf } from "./evidence";

describe("what a diagnosis rests on", () => {
  it("tells log lines, shortages and other facts apart, and nothing of what is empty", () => {
    const found = evidenceOf({
      log_tail: ["one", 2, "two"],
      shortages: [{ resource: "memory", requested: "8Gi", most_free_at_most: "2Gi", missing: "6Gi", nodes: 3, rooms: [{ has: "4Gi", free: "2Gi" }, { has: "16Gi" }, { free: 3 }, "odd"] }, "odd"],
      refusals: [{ reason: "x", nodes: 1 }],
      last_word: { reason: "failed" },
      exit_code: 3,
      node: null,
    });
    expect(found.log).toEqual(["one", "two"]);
    expect(found.shortages).toEqual([{ resource: "memory", requested: "8Gi", there: "2Gi", missing: "6Gi", share: 0.25, nodes: 3, rooms: [{ there: "2Gi", share: 0.25 }, { there: "16Gi", share: 1 }] }]);
    expect(found.facts).toEqual([["exit_code", "3"]]);
  });

  it("offers more memory after an end for lack of it, and else nothing", () => {
    expect(moreMemory("oom_killed", "4Gi")).toEqual({ limit: "8Gi", size: "8\u00a0GiB" });
    expect(moreMemory("timeout", "4Gi")).toBeUndefined();
  });

  it("reads a structured line for people, and leaves any other as it is", () => {
    const line = '{"time": "2026-01-02T03:04:05.6Z", "level": "info", "service": "runner", "event": "ended", "exit_code": 1}';
    const { time } = JSON.parse(line) as { time: string };
    // on the reader's clock, wherever that is
    const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(time));
    expect(lineOf(line)).toBe(`${clock} runner: ended exit_code=1`);
    expect([lineOf("plain"), lineOf("{broken")]).toEqual(["plain", "{broken"]);
  });

  it("leaves out what is empty or not so, and what the sentence says", () => {
    expect(lineOf('{"service": "runner", "event": "ending", "reason": null, "detail": "stopped"}')).toBe("runner: ending detail=stopped");
    expect(lineOf('{"service": "runner", "event": "ending", "detail": "fatal: no\\nfatal: really"}')).toBe("runner: ending detail=fatal: no…");
    expect(evidenceOf({ by: "ann", forced: false }).facts).toEqual([]);
    expect(evidenceOf({ by: "ann", forced: true }).facts).toEqual([["force", "true"]]);
  });

  it("has a short headline where the log has the rest, and the whole sentence where it has not", () => {
    const said = "fatal: '/srv/nothing' does not appear to be a git repository fatal: Could not read";
    const log = ["09:57:24 git: fatal: '/srv/nothing' does not appear to be a git repository"];
    expect(headlineOf(`The repository could not be cloned: ${said}`, log)).toBe("The repository could not be cloned.");
    expect(headlineOf(`リポジトリをクローンできませんでした: ${said}`, log)).toBe("リポジトリをクローンできませんでした。");
    expect(headlineOf(`The repository could not be cloned: ${said}`, ["other"])).toBe(`The repository could not be cloned: ${said}`);
    expect(headlineOf("It was stopped by root.", log)).toBe("It was stopped by root.");
  });

  it("has the exit code of what ended the session, not of who reported it", () => {
    expect(evidenceOf({ exit_code: 1, last_word: { reason: "setup_failed", exit_code: 3 } }).exitCode).toBe("3");
    expect(evidenceOf({ exit_code: 137, last_word: null }).exitCode).toBe("137");
    expect(evidenceOf({}).exitCode).toBeUndefined();
  });

  it("reads quantities as the cluster writes them", () => {
    expect([quantityOf("1.5Gi"), quantityOf("500m"), quantityOf("2")]).toEqual([1.5 * 2 ** 30, 0.5, 2]);
    expect(quantityOf("much")).toBeNaN();
  });
});
