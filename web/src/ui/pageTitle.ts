import { useEffect, useSyncExternalStore } from "react";

/** The page's title: what is shown, and how much needs somebody; the latter is on the icon as well. */

let page = "";
let needed = 0;
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

/** Says how many things wait for a person: permission requests, and what failed since somebody looked. */
export function setNeeded(count: number): void {
  if (count === needed) return;
  needed = count;
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
