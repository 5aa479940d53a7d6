import { lazy, Suspense, useState } from "react";

import { showOverlay, useOverlay, type Overlay } from "../overlays";

const Finder = lazy(async () => ({ default: (await import("../finder/Finder")).Finder }));
const KeyMap = lazy(async () => ({ default: (await import("../keyboard/KeyMap")).KeyMap }));

/** The shell's dialogs: each is loaded when it is first asked for, and stays to close as it opened. */
export function Overlays() {
  const open = useOverlay();
  const [asked, setAsked] = useState<ReadonlySet<Overlay>>(new Set());
  if (open !== undefined && !asked.has(open)) setAsked(new Set([...asked, open]));
  const close = (): void => showOverlay(undefined);
  return (
    <Suspense fallback={null}>
      {asked.has("finder") && <Finder opened={open === "finder"} close={close} />}
      {asked.has("keys") && <KeyMap opened={open === "keys"} close={close} />}
    </Suspense>
  );
}
