import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

import { isWriting } from "../../ui/keys";
import { preferences } from "../../ui/preferences";
import { showOverlay } from "../overlays";
import { SECTIONS } from "../sections";
import { wishOf } from "./chords";

/** Listens for the keys of the shell; what a screen or a dialog has taken for itself is left alone. */
export function useKeyboard(): void {
  const router = useRouter();
  useEffect(() => {
    let chordAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.repeat) return;
      const { key, ctrlKey, metaKey, altKey } = event;
      // a dialog has the keyboard: only the command key reaches past it
      const writing = isWriting(event) || document.querySelector('[role="dialog"]') !== null;
      const pressed = { key, ctrlKey, metaKey, altKey, writing, single: preferences().shortcuts };
      const wish = wishOf(pressed, event.timeStamp - chordAt);
      chordAt = wish?.kind === "chord" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (wish === undefined || wish.kind === "chord") return;
      if (wish.kind === "go") {
        const section = SECTIONS.find((each) => each.key === wish.key);
        if (section === undefined) return;
        event.preventDefault();
        void router.navigate({ to: section.to as string });
      } else {
        event.preventDefault();
        if (wish.kind === "new") void router.navigate({ to: "/sessions/new" });
        else showOverlay(wish.kind);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [router]);
}
