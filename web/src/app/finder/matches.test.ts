import { expect, it } from "vitest";

import { matches } from "./matches";

it.each([
  ["", "anything", true],
  ["auth feat", "feature-auth", true],
  ["ＡＰＩ", "acme/api", true],
  ["ｾｯｼｮﾝ", "セッション", true],
  ["auth zzz", "feature-auth", false],
])("%s finds %s: %s", (query, name, found) => {
  expect(matches(query, name, null)).toBe(found);
});
