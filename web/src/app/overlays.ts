import { useSyncExternalStore } from "react";

/** Which of the shell's own dialogs is open: one at a time, opened by keys, buttons and screens alike. */

export type Overlay = "finder" | "keys";

let open: Overlay | undefined;
const listeners = new Set<() => void>();

export function showOverlay(wanted: Overlay | undefined): void {
  if (wanted === open) return;
  open = wanted;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOverlay(): Overlay | undefined {
  return useSyncExternalStore(listen, () => open);
}
