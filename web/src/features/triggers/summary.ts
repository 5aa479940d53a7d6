import { useTranslation } from "react-i18next";

import { sizeOf, type SessionValues } from "./session";

/** How sessions are made, in one line. */
export function useSessionSummary(values: SessionValues): string {
  const { t } = useTranslation();
  const size = sizeOf(values);
  return [
    values.repository.trim(),
    size === "own" ? `${values.cpu} CPU · ${values.memory}` : t(`triggers.size.${size}`),
    values.timeoutMinutes === 0 || values.timeoutMinutes === "" ? t("triggers.noLimit") : t("triggers.minutes", { count: values.timeoutMinutes }),
    t(`triggers.policy.${values.policy}`),
    values.deleteOnComplete ? t("triggers.deletedAtOnce") : values.deleteAfterHours === "" ? "" : t("triggers.deletedAfter", { count: values.deleteAfterHours }),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** What they are given beyond that, in one line. */
export function useAdvancedSummary(values: SessionValues): string {
  const { t } = useTranslation();
  const parts = [
    values.model.trim(),
    values.image.trim(),
    values.volume ? t("triggers.advanced.volume") : "",
    values.env.length === 0 ? "" : `${t("create.env.title")} ${values.env.length}`,
    values.servers.length === 0 ? "" : `${t("create.mcp.title")} ${values.servers.length}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? t("triggers.advanced.usual") : parts.join(" · ");
}
