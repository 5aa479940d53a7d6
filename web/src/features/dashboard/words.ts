import type { TFunction } from "i18next";

import { inLanguage } from "../../i18n";
import type { SessionSummary } from "./queries";

/** What a tool wants to do, on one line: the command where it is one. */
export function inputOf(tool: Record<string, unknown> | undefined): string | undefined {
  const input = tool?.["input"];
  if (typeof input !== "object" || input === null || Object.keys(input).length === 0) return undefined;
  const command = (input as Record<string, unknown>)["command"];
  return (typeof command === "string" ? command : JSON.stringify(input)).slice(0, 300);
}

/** What a session is at now, in a few words, and whether a person should look. */
export function workOf(session: SessionSummary, t: TFunction): { text: string; detail?: string; concerns: boolean } {
  if (session.stop_requested != null) return { text: t("dashboard.work.ending"), concerns: false };
  if ((session.pending_permissions ?? 0) > 0) return { text: t("dashboard.work.permission"), concerns: true };
  if (session.reachable === false) return { text: t("dashboard.work.unreachable"), concerns: true };
  if (session.status === "pending") return { text: t("dashboard.work.starting"), concerns: false };
  if (session.provider_wait != null) {
    return { text: t("dashboard.work.waiting_for_provider"), concerns: session.provider_wait.reason === "unauthorized" };
  }
  const known = ["ready", "working", "background", "restarting", "waiting_for_provider"];
  const state = known.includes(session.agent_state ?? "") ? session.agent_state : "ready";
  return { text: t(`dashboard.work.${state}`), concerns: false };
}

/** How it ended: «終了 · 停止されました». */
export function endOf(session: SessionSummary, t: TFunction): string {
  const why = inLanguage(session.status_message);
  const status = t(`status.${session.status}`);
  return why === "" ? status : `${status} · ${why}`;
}
