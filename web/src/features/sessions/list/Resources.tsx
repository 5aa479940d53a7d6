import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { bytes, cores } from "../../../ui/format";
import { Meter } from "../../../ui/Meter";
import type { SessionSummary } from "../queries";
import classes from "./list.module.css";

/** What a running session uses of what it may; of any other, what it asks for. */
export function Resources({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const used = session.resources;
  if (session.status !== "running" || used.cpu_usage == null || used.memory_usage == null) {
    return (
      <Text size="xs" c="dimmed" className="numbers">
        {cores(used.cpu_limit)} CPU · {bytes(used.memory_limit)}
      </Text>
    );
  }
  return (
    <div className={classes.resources} title={used.limits_enforced ? undefined : t("sessions.notEnforced")}>
      <span>{t("sessions.cpu")}</span>
      <Meter value={used.cpu_usage / used.cpu_limit} label={t("sessions.cpu")} />
      <span className="numbers">
        {cores(used.cpu_usage)} / {cores(used.cpu_limit)}
      </span>
      <span>{t("sessions.memory")}</span>
      <Meter value={used.memory_usage / used.memory_limit} label={t("sessions.memory")} />
      <span className="numbers">
        {bytes(used.memory_usage)} / {bytes(used.memory_limit)}
      </span>
    </div>
  );
}
