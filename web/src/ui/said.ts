import type { TFunction } from "i18next";

import { Problem } from "../api/problem";
import { inLanguage } from "../i18n";

const KNOWN = new Set([
  "UNREACHABLE", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "RESOURCE_QUOTA_EXCEEDED",
  "RATE_LIMIT_EXCEEDED", "SESSION_NOT_READY", "UNAVAILABLE", "INTERNAL_ERROR", "PAYLOAD_TOO_LARGE", "INVALID_REQUEST",
]);

export interface FieldProblem {
  field: string;
  said: string;
}

/** What the server says of single fields, in the person's language where it has that. */
export function fieldProblems(problem: Problem): FieldProblem[] {
  const { fields, text } = problem.details;
  if (!Array.isArray(fields)) return [];
  return (fields as { field?: unknown; problem?: unknown; text?: unknown }[]).flatMap((each) => {
    if (typeof each.field !== "string" || typeof each.problem !== "string") return [];
    // a refusal of one field may have a sentence of its own about it
    const texts = isTexts(each.text) ? each.text : fields.length === 1 && isTexts(text) ? text : {};
    return [{ field: each.field, said: inLanguage(texts) || each.problem }];
  });
}

function isTexts(value: unknown): value is { ja?: string; en?: string } {
  return typeof value === "object" && value !== null;
}

/** A failure in words: a title by its code, and what the server said about this one. */
export function saidOf(error: unknown, t: TFunction): { title: string; detail: string } {
  if (error instanceof Problem) {
    const code = KNOWN.has(error.code) ? error.code : "INTERNAL_ERROR";
    const detail = error.status === 0 ? t("problem.UNREACHABLE.detail") : detailOf(error);
    return { title: t(`problem.${code}.title`), detail };
  }
  return { title: t("problem.INTERNAL_ERROR.title"), detail: error instanceof Error ? error.message : String(error) };
}

function detailOf(problem: Problem): string {
  const fields = problem.code === "INVALID_REQUEST" ? fieldProblems(problem) : [];
  const { text } = problem.details;
  if (fields.length === 0) return (isTexts(text) ? inLanguage(text) : "") || problem.message;
  return fields.map(({ field, said }) => (field === "body" ? said : `${field}: ${said}`)).join(" · ");
}
