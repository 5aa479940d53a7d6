import { useSyncExternalStore } from "react";

/** Which failures somebody has looked at in this browser: bounded, and the same in all tabs. */

const KEY = "ccplant.seen";
const MOST = 300;

function read(): ReadonlySet<string> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(found) ? found.filter((each) => typeof each === "string").slice(-MOST) : []);
  } catch {
    return new Set();
  }
}

let current = read();
const listeners = new Set<() => void>();

function take(found: ReadonlySet<string>): void {
  current = found;
  for (const listener of listeners) listener();
}

window.addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) take(read());
});

export function markSeen(key: string): void {
  if (current.has(key)) return;
  const next = [...read(), key].slice(-MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // a browser that keeps nothing: it holds until the page is left
  }
  take(new Set(next));
}

export function useSeen(): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
