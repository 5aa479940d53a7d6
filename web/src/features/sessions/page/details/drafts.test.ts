import { expect, it } from "vitest";

import { followed } from "./drafts";

const before = { name: "a", minutes: 60 };

it("follows the session where nothing was typed", () => {
  expect(followed(before, before, { name: "b", minutes: 90 })).toEqual({ values: { name: "b", minutes: 90 }, conflicts: [] });
});

it("keeps a draft, and tells of what was changed under it", () => {
  expect(followed({ name: "mine", minutes: 60 }, before, { name: "theirs", minutes: 90 })).toEqual({
    values: { name: "mine", minutes: 90 },
    conflicts: ["name"],
  });
});

it("sees no conflict in a change of another field, or to the same", () => {
  const typed = { name: "mine", minutes: 60 };
  expect(followed(typed, before, { name: "a", minutes: 90 }).conflicts).toEqual([]);
  expect(followed(typed, before, { name: "mine", minutes: 60 }).conflicts).toEqual([]);
});
