import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../api/events/live";
import type { Entry } from "../../api/events/transcript";
import { desktopNotices } from "../../ui/desktop";
import { usePreferences } from "../../ui/preferences";

type Turn = Extract<Entry, { type: "turn" }>;

/** The newest turn that has ended. */
export function lastEnd(entries: readonly Entry[]): Turn | undefined {
  const found = entries.findLast((entry) => entry.type === "turn" && entry.state !== "started");
  return found?.type === "turn" ? found : undefined;
}

/**
 * Says once that a turn has ended or that somebody is asked: to screen readers, and the end to the desktop as well while
 * the page is hidden. Read aloud piece by piece, a streamed answer would never let anybody else speak; and what was
 * there before the page was opened is no news.
 */
export function TurnEnd({ sessionId, view }: { sessionId: string; view: LiveView }) {
  const { t } = useTranslation();
  const [{ notifications }] = usePreferences();
  const [ended, setEnded] = useState("");
  const told = useRef<number>(undefined);
  const last = view.complete ? lastEnd(view.entries) : undefined;
  const name = view.session?.name ?? "";
  const working = view.openPrompts.some((prompt) => prompt.state !== "queued");
  useEffect(() => {
    // the end of the turn before is no news any more
    if (working) setEnded("");
  }, [working]);
  useEffect(() => {
    if (!view.complete) return;
    const before = told.current;
    const seq = last?.seq ?? 0;
    // what is taken out of a long conversation and read again is no news
    told.current = Math.max(before ?? 0, seq);
    if (before === undefined || last === undefined || last.state === "started" || seq <= before) return;
    const words = t(`chat.turnEnd.${last.state}`);
    setEnded(words);
    if (notifications && document.visibilityState === "hidden") {
      desktopNotices.show(`turn ${sessionId}`, name, words, () => undefined);
    }
  }, [view.complete, last, notifications, sessionId, name, t]);
  const asked = [...view.permissions.values()].find((each) => each.state === "pending");
  return (
    <VisuallyHidden role="status">{asked === undefined ? ended : t("chat.asks", { title: asked.title })}</VisuallyHidden>
  );
}
