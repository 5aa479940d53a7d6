import { useEffect, useSyncExternalStore } from "react";

/** The page's title: what is shown, and how much needs somebody; the latter is on the icon as well. */

let page = "";
let needed = 0;
/** An open session knows of its own requests at once; the account's list knows of all, some seconds later. */
const counts = { page: 0, account: 0 };
const listeners = new Set<() => void>();

function write(): void {
  const title = page === "" ? "ccplant" : `${page} · ccplant`;
  document.title = needed > 0 ? `(${needed}) ${title}` : title;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const wanted = needed > 0 ? "/favicon-needed.svg" : "/favicon.svg";
  if (icon !== null && !icon.href.endsWith(wanted)) icon.href = wanted;
  for (const listener of listeners) listener();
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    page = title;
    write();
  }, [title]);
}

const pageListeners = new Set<() => void>();

/** Called when the open session's own count changes: the account's list is then behind. */
export function onPageNeeded(call: () => void): () => void {
  pageListeners.add(call);
  return () => pageListeners.delete(call);
}

/** Says how many things wait for a person: permission requests, and what failed since somebody looked. */
export function setNeeded(count: number, of: keyof typeof counts = "page"): void {
  const changed = counts[of] !== count;
  counts[of] = count;
  if (changed && of === "page") for (const listener of pageListeners) listener();
  const most = Math.max(counts.page, counts.account);
  if (most === needed) return;
  needed = most;
  write();
}

export function useNeeded(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => needed,
  );
}
