import { expect, it } from "vitest";

import { highlight, languageOf } from "./highlight";

it("knows languages by their usual names, and no others", () => {
  expect(languageOf("TS")).toBe("typescript");
  expect(languageOf("sh")).toBe("bash");
  expect(languageOf("constructor")).toBeUndefined();
  expect(languageOf("")).toBeUndefined();
});

it("gives back the same text, line by line, with a colour for each scheme", async () => {
  const code = 'const a = "x";\nreturn a;';
  const lines = (await highlight(code, "ts")) ?? [];
  expect(lines.map((line) => line.map((token) => token.text).join("")).join("\n")).toBe(code);
  expect(lines[0]?.[0]?.style).toHaveProperty("--shiki-dark");
  expect(await highlight("x", "klingon")).toBeUndefined();
});
