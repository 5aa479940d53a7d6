import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type RefObject } from "react";

/**
 * Puts the keyboard into a screen that somebody has gone to: else it stays on a link that is gone or in the navigation,
 * and whoever reads by ear hears nothing. A screen that has taken the focus for a field of its own keeps it.
 */
export function useFocusOnNavigation(main: RefObject<HTMLElement | null>): void {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef<string>(undefined);
  useEffect(() => {
    const first = before.current === undefined;
    if (path === before.current || path === undefined) return;
    before.current = path;
    if (first) return;
    const frame = requestAnimationFrame(() => {
      const active = document.activeElement;
      const inScreen = active !== null && main.current?.contains(active) === true;
      const inDialog = active?.closest('[role="dialog"]') != null;
      if (!inScreen && !inDialog) main.current?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [path, main]);
}
