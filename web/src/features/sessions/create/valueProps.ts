import type { TFunction } from "i18next";
import type { ReactNode } from "react";

/** How the field of a value looks; an empty one that means the stored value, as a value that nobody can read. */
export function valueProps(t: TFunction, kept: boolean, error: ReactNode) {
  return {
    error,
    // a field of a password does not say so by itself
    "aria-invalid": Boolean(error),
    placeholder: kept ? "••••••••" : t("create.env.value"),
    description: kept ? t("create.env.kept") : undefined,
    inputWrapperOrder: ["input", "description", "error"] as ("input" | "description" | "error")[],
  };
}
