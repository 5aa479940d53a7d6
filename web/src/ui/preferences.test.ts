import { act, renderHook } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";

import {
  changePreferences,
  DEFAULTS,
  parsePreferences,
  preferences,
  PREFERENCES_KEY,
  usePreferences,
} from "./preferences";

afterEach(() => {
  localStorage.clear();
  window.dispatchEvent(new StorageEvent("storage", { key: null }));
});

describe("what a person chose for this browser", () => {
  it.each([null, "", "{", "[]", "7", "null", '"enter"'])("takes the defaults of what makes no sense: %s", (stored) => {
    expect(parsePreferences(stored)).toEqual(DEFAULTS);
  });

  it("refuses each wrong value for itself and keeps the right ones", () => {
    const stored = JSON.stringify({ sendWith: "space", fontSize: "large", fontFamily: 7, notifications: "yes", other: 1 });
    expect(parsePreferences(stored)).toEqual({ ...DEFAULTS, fontSize: "large" });
  });

  it("keeps a change, beside what was chosen before", () => {
    changePreferences({ sendWith: "mod-enter" });
    changePreferences({ fontFamily: "mono" });
    expect(preferences()).toEqual({ ...DEFAULTS, sendWith: "mod-enter", fontFamily: "mono" });
    expect(parsePreferences(localStorage.getItem(PREFERENCES_KEY))).toEqual(preferences());
  });

  it("shows what another tab chose", () => {
    const { result } = renderHook(() => usePreferences());
    localStorage.setItem(PREFERENCES_KEY, JSON.stringify({ fontSize: "small" }));
    act(() => {
      window.dispatchEvent(new StorageEvent("storage", { key: PREFERENCES_KEY }));
    });
    expect(result.current[0].fontSize).toBe("small");
  });

  it("shows the same choice to everyone who reads it", () => {
    const one = renderHook(() => usePreferences());
    const other = renderHook(() => usePreferences());
    act(() => one.result.current[1]({ notifications: true }));
    expect(other.result.current[0].notifications).toBe(true);
  });
});
