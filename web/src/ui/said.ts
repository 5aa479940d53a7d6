import type { TFunction } from "i18next";

import { Problem } from "../api/problem";

const KNOWN = new Set([
  "UNREACHABLE", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "RESOURCE_QUOTA_EXCEEDED",
  "RATE_LIMIT_EXCEEDED", "SESSION_NOT_READY", "UNAVAILABLE", "INTERNAL_ERROR", "PAYLOAD_TOO_LARGE", "INVALID_REQUEST",
]);

/** A failure in words: a title by its code, and what the server said about this one. */
export function saidOf(error: unknown, t: TFunction): { title: string; detail: string } {
  if (error instanceof Problem) {
    const code = KNOWN.has(error.code) ? error.code : "INTERNAL_ERROR";
    return { title: t(`problem.${code}.title`), detail: error.status === 0 ? t("problem.UNREACHABLE.detail") : error.message };
  }
  return { title: t("problem.INTERNAL_ERROR.title"), detail: error instanceof Error ? error.message : String(error) };
}
