import { useQueryClient } from "@tanstack/react-query";
import { useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { failureKey, type Attention } from "../../features/dashboard/attention";
import { markSeen } from "../../features/dashboard/seen";
import { useAttention } from "../../features/dashboard/useAttention";
import { inLanguage } from "../../i18n";
import { desktopNotices } from "../../ui/desktop";
import { onPageNeeded, setNeeded } from "../../ui/pageTitle";
import { usePreferences } from "../../ui/preferences";

const ONE_SESSION = /^\/sessions\/([^/]+)$/;

/** Watches the whole account from every screen: the title, the icon, the navigation and the desktop tell what it finds. */
export function Watch(): null {
  const { items, known } = useAttention();
  useEffect(() => setNeeded(items.length, "account"), [items.length]);
  useEffect(() => () => setNeeded(0, "account"), []);
  const queries = useQueryClient();
  useEffect(
    () => onPageNeeded(() => void queries.invalidateQueries({ queryKey: ["sessions", "dashboard"] })),
    [queries],
  );
  useSeenByOpening(items);
  useNotices(items, known);
  return null;
}

/** Whoever opens a failed session has seen that it failed. */
function useSeenByOpening(items: readonly Attention[]): void {
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    const opened = ONE_SESSION.exec(path)?.[1];
    if (opened === undefined) return;
    const key = failureKey(decodeURIComponent(opened));
    if (items.some((each) => each.key === key)) markSeen(key);
  }, [path, items]);
}

/** Tells the desktop of what is new while nobody looks at this page; what was there before is no news. */
function useNotices(items: readonly Attention[], known: boolean): void {
  const { t } = useTranslation();
  const router = useRouter();
  const [{ notifications }] = usePreferences();
  const told = useRef<ReadonlySet<string>>(undefined);
  useEffect(() => {
    if (!known) return;
    const before = told.current;
    told.current = new Set(items.map((each) => each.key));
    if (before === undefined || !notifications || document.hasFocus()) return;
    for (const each of items) {
      if (before.has(each.key)) continue;
      const name = each.kind === "dispatch" ? each.dispatch.source.name : each.session.name;
      const to = each.kind === "dispatch" ? "/" : `/sessions/${encodeURIComponent(each.session.session_id)}`;
      desktopNotices.show(each.key, t(`notice.${each.kind}`, { name }), bodyOf(each), () => void router.navigate({ to }));
    }
  }, [items, known, notifications, router, t]);
}

function bodyOf(each: Attention): string {
  switch (each.kind) {
    case "permission":
      return each.permission.title;
    case "stuck":
      return inLanguage(each.diagnosis.message);
    case "failed":
      return inLanguage(each.session.status_message);
    case "dispatch":
      return inLanguage(each.dispatch.failure?.message);
    case "provider":
      return "";
  }
}
