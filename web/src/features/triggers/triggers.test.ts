import { afterEach, describe, expect, it } from "vitest";

import { Problem } from "../../api/problem";
import { loadDraft, saveDraft } from "./drafts";
import { fieldErrors, lineOf } from "./problems";
import { sessionFields, NEW_SESSION } from "./session";
import { piecesOf } from "./template";
import { dayTime } from "./times";

afterEach(() => localStorage.clear());

function refusal(details: Record<string, unknown>): Problem {
  return new Problem({ code: "INVALID_REQUEST", message: "no", status: 400, details });
}

describe("a refusal of the API", () => {
  it("is told at the field that it is about, in the person's language, with its line", () => {
    const problem = refusal({
      fields: [{ field: "message", problem: "message, line 2: no" }],
      line: 2,
      text: { ja: "message 2 行目: いいえ", en: "message, line 2: no" },
    });
    expect(["message 2 行目: いいえ", "message, line 2: no"]).toContain(fieldErrors(problem, { message: "message" }).message);
    expect(lineOf(problem)).toBe(2);
  });

  it("finds the field of an item of a list and of a part of the configuration", () => {
    const problem = refusal({
      fields: [
        { field: "repositories.0", problem: "a" },
        { field: "config.permission_policy.allow.3", problem: "b" },
        { field: "definition.config.timeout_minutes", problem: "c" },
        { field: "unheard_of", problem: "d" },
      ],
    });
    expect(fieldErrors(problem, { repositories: "repositories" })).toEqual({
      repositories: "a",
      "session.allow": "b",
      "session.timeoutMinutes": "c",
    });
  });

  it("is about no field where it is something else", () => {
    expect(fieldErrors(new Error("x"), {})).toEqual({});
    expect(fieldErrors(refusal({ fields: "x" }), {})).toEqual({});
  });
});

describe("a draft", () => {
  const LIKE = { name: "", tags: ["a"], on: true, inner: { count: 1, more: "" } };

  it("comes back as it was left, without what does not fit", () => {
    saveDraft("x", { name: "n", tags: [1], on: "yes", inner: { count: 5, other: 1 }, strange: 1 });
    expect(loadDraft("x", LIKE)).toEqual({ name: "n", tags: ["a"], on: true, inner: { count: 5, more: "" } });
  });

  it("is none where there is none, or nothing that can be read", () => {
    expect(loadDraft("x", LIKE)).toBeUndefined();
    localStorage.setItem("ccplant.draft.x", "{");
    expect(loadDraft("x", LIKE)).toBeUndefined();
    localStorage.setItem("ccplant.draft.x", "[]");
    expect(loadDraft("x", LIKE)).toEqual(LIKE);
  });
});

describe("the rules of permission", () => {
  it("go along only where rules decide", () => {
    const rules = { ...NEW_SESSION, allow: ["Read"], deny: ["WebFetch"] };
    expect(sessionFields({ ...rules, policy: "rules" }).config.permission_policy).toEqual({ mode: "rules", allow: ["Read"], deny: ["WebFetch"] });
    expect(sessionFields({ ...rules, policy: "ask" }).config.permission_policy).toEqual({ mode: "ask" });
    expect(sessionFields({ ...rules, policy: "default" }).config.permission_policy).toBeNull();
  });
});

describe("a line of a template", () => {
  it("is cut where something is filled in, and nothing of it is lost", () => {
    const line = "PR #{{ number }}{% if x %} is {{ a";
    const pieces = piecesOf(line);
    expect(pieces.filter((piece) => piece.code).map((piece) => piece.text)).toEqual(["{{ number }}", "{% if x %}"]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(line);
  });
});

describe("a time of the calendar", () => {
  const now = new Date("2026-11-23T15:30:00Z");

  it("names today, tomorrow and yesterday by the day of its zone", () => {
    expect(dayTime(new Date("2026-11-23T18:00:00Z"), now, "ja", "Asia/Tokyo")).toBe("今日 3:00");
    expect(dayTime(new Date("2026-11-23T14:00:00Z"), now, "ja", "Asia/Tokyo")).toBe("昨日 23:00");
    expect(dayTime(new Date("2026-11-23T18:00:00Z"), now, "ja", "UTC")).toBe("今日 18:00");
    expect(dayTime(new Date("2026-11-24T18:00:00Z"), now, "en", "UTC")).toMatch(/^tomorrow 6:00/);
  });

  it("gives any other day by its date, and its year where it is far", () => {
    expect(dayTime(new Date("2026-11-30T00:00:00Z"), now, "ja", "UTC")).toBe("11月30日 0:00");
    expect(dayTime(new Date("2028-01-01T00:00:00Z"), now, "ja", "UTC")).toContain("2028");
  });
});
