import { beforeAll, describe, expect, it } from "vitest";

import { Problem } from "../api/problem";
import { i18n } from "../i18n";
import { fieldProblems, saidOf } from "./said";

function refusal(fields: unknown, text?: unknown): Problem {
  return new Problem({ code: "INVALID_REQUEST", message: "name: is required", status: 400, details: { fields, text } });
}

const both = { field: "name", problem: "is required", text: { ja: "必須です", en: "is required" } };

describe("what a refusal says", () => {
  beforeAll(() => i18n.changeLanguage("ja"));

  it("is in the person's language, field by field", () => {
    expect(fieldProblems(refusal([both, { field: "mode", problem: "odd" }]))).toEqual([
      { field: "name", said: "必須です" },
      { field: "mode", said: "odd" },
    ]);
    expect(saidOf(refusal([both]), i18n.t).detail).toBe("name: 必須です");
  });

  it("takes the sentence that is about the only field", () => {
    expect(fieldProblems(refusal([{ field: "cron", problem: "x" }], { ja: "時刻が正しくありません" }))).toEqual([
      { field: "cron", said: "時刻が正しくありません" },
    ]);
  });

  it("is in the person's language where it is about no field", () => {
    const details = { state: "running", text: { ja: "終了したセッションだけです", en: "Only one that has ended" } };
    const problem = new Problem({ code: "CONFLICT", message: "Only one that has ended", status: 409, details });
    expect(saidOf(problem, i18n.t).detail).toBe("終了したセッションだけです");
  });

  it("says the server's words where nothing else is known", () => {
    expect(saidOf(refusal(undefined), i18n.t).detail).toBe("name: is required");
    expect(fieldProblems(refusal([{ field: 1 }, {}]))).toEqual([]);
  });
});
