import { useCallback, useSyncExternalStore } from "react";

/**
 * What a person chose for this browser: how a message is sent, how the chat is set, whether the desktop is told,
 * whether single keys act.
 * Another tab, an older release or a curious person may have written anything there: each value is looked at, and the
 * wrong one is the default again instead of breaking a page. (The language and the colour scheme are kept by the parts
 * that apply them.)
 */

const CHOICES = {
  sendWith: ["enter", "mod-enter"],
  fontSize: ["small", "normal", "large"],
  fontFamily: ["sans", "serif", "mono"],
  notifications: [false, true],
  shortcuts: [true, false],
} as const;

export type Preferences = { readonly [Name in keyof typeof CHOICES]: (typeof CHOICES)[Name][number] };

export const PREFERENCES_KEY = "ccplant.preferences";

export const DEFAULTS: Preferences = {
  sendWith: "enter",
  fontSize: "normal",
  fontFamily: "sans",
  notifications: false,
  shortcuts: true,
};

function chosen<Name extends keyof Preferences>(name: Name, value: unknown): Preferences[Name] {
  const known: readonly unknown[] = CHOICES[name];
  return known.includes(value) ? (value as Preferences[Name]) : DEFAULTS[name];
}

/** What was stored, each value for itself. */
export function parsePreferences(stored: string | null): Preferences {
  let found: unknown;
  try {
    found = JSON.parse(stored ?? "null");
  } catch {
    return DEFAULTS;
  }
  if (typeof found !== "object" || found === null) return DEFAULTS;
  const values = found as Record<string, unknown>;
  return {
    sendWith: chosen("sendWith", values.sendWith),
    fontSize: chosen("fontSize", values.fontSize),
    fontFamily: chosen("fontFamily", values.fontFamily),
    notifications: chosen("notifications", values.notifications),
    shortcuts: chosen("shortcuts", values.shortcuts),
  };
}

function read(): Preferences {
  try {
    return parsePreferences(localStorage.getItem(PREFERENCES_KEY));
  } catch {
    return DEFAULTS; // a browser that keeps nothing for this site
  }
}

let current = read();
const listeners = new Set<() => void>();

function take(found: Preferences): void {
  current = found;
  for (const listener of listeners) listener();
}

/** `null` is the key of an event that says that everything was removed. */
window.addEventListener("storage", (event) => {
  if (event.key === PREFERENCES_KEY || event.key === null) take(read());
});

export function preferences(): Preferences {
  return current;
}

export function changePreferences(change: Partial<Preferences>): void {
  const next = parsePreferences(JSON.stringify({ ...current, ...change }));
  try {
    localStorage.setItem(PREFERENCES_KEY, JSON.stringify(next));
  } catch {
    // a full or closed storage: the choice holds until the page is left
  }
  take(next);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const found = useSyncExternalStore(listen, preferences);
  const change = useCallback((wanted: Partial<Preferences>) => changePreferences(wanted), []);
  return [found, change];
}
