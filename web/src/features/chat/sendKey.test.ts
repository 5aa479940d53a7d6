import { expect, it } from "vitest";

import { sends, type Pressed } from "./sendKey";

const key = (more: Partial<Pressed> = {}): Pressed => ({
  key: "Enter", keyCode: 13, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...more,
});

it("sends with Enter or with Ctrl+Enter, as it was chosen", () => {
  expect(sends(key(), "enter")).toBe(true);
  expect(sends(key({ shiftKey: true }), "enter")).toBe(false);
  expect(sends(key(), "mod-enter")).toBe(false);
  expect(sends(key({ ctrlKey: true }), "mod-enter")).toBe(true);
  expect(sends(key({ metaKey: true }), "enter")).toBe(true);
  expect(sends(key({ key: "a" }), "enter")).toBe(false);
});

it("never sends while a word is being composed", () => {
  for (const sendWith of ["enter", "mod-enter"] as const) {
    expect(sends(key({ isComposing: true, ctrlKey: true }), sendWith)).toBe(false);
    expect(sends(key({ keyCode: 229 }), sendWith)).toBe(false);
  }
});
