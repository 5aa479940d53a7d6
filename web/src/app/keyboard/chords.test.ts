import { describe, expect, it } from "vitest";

import { CHORD_MS, wishOf, type Key } from "./chords";

const press = (key: string, more: Partial<Key> = {}): Key => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  writing: false,
  single: true,
  ...more,
});
const LONG_AGO = Number.POSITIVE_INFINITY;

describe("keys of the shell", () => {
  it("does nothing by single keys while somebody writes or has switched them off", () => {
    for (const key of ["?", "/", "n", "g", "s"]) {
      expect(wishOf(press(key, { writing: true }), 100)).toBeUndefined();
      expect(wishOf(press(key, { single: false }), 100)).toBeUndefined();
    }
  });

  it("leaves every combination but its own to the browser", () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
      for (const key of ["n", "g", "/", "?"]) expect(wishOf(press(key, more), LONG_AGO)).toBeUndefined();
    }
    expect(wishOf(press("k", { ctrlKey: true, altKey: true }), LONG_AGO)).toBeUndefined();
  });

  it("finds by the command key, also while somebody writes", () => {
    expect(wishOf(press("k", { ctrlKey: true, writing: true }), LONG_AGO)).toEqual({ kind: "finder" });
    expect(wishOf(press("K", { metaKey: true }), LONG_AGO)).toEqual({ kind: "finder" });
  });

  it("goes by g and a letter that comes soon", () => {
    expect(wishOf(press("g"), LONG_AGO)).toEqual({ kind: "chord" });
    expect(wishOf(press("s"), CHORD_MS)).toEqual({ kind: "go", key: "s" });
    expect(wishOf(press("s"), CHORD_MS + 1)).toBeUndefined();
    expect(wishOf(press("n"), 10)).toEqual({ kind: "go", key: "n" });
  });
});
