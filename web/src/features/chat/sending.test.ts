import { beforeEach, expect, it } from "vitest";

import { answered, keyOf } from "./sending";

beforeEach(() => sessionStorage.clear());

it("gives the same message the same key until its answer came", () => {
  const first = keyOf("s1", { text: "go" }, 0);
  expect(keyOf("s1", { text: "go" }, 60_000)).toBe(first);
  expect(keyOf("s2", { text: "go" }, 60_000)).not.toBe(first);
  answered("s1");
  expect(keyOf("s1", { text: "go" }, 60_000)).not.toBe(first);
});

it("takes other words, and the same a good while later, for another message", () => {
  const first = keyOf("s1", { text: "go" }, 0);
  expect(keyOf("s1", { text: "go on" }, 1)).not.toBe(first);
  const again = keyOf("s1", { text: "go" }, 2);
  expect(again).not.toBe(first);
  expect(keyOf("s1", { text: "go" }, 2 + 10 * 60_000)).not.toBe(again);
});
