import { Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Schemas } from "../../api/client";
import { bytes, cores } from "../../ui/format";
import { Meter } from "../../ui/Meter";
import classes from "./dashboard.module.css";
import type { SessionSummary } from "./queries";

/** What is in use of what one may have: sessions of the account's limit, processors and memory of the sessions' own. */
export function Limits({ quota, running }: { quota: Schemas["Quota"]; running: readonly SessionSummary[] }) {
  const { t } = useTranslation();
  const sum = (of: (each: SessionSummary["resources"]) => number | null | undefined): number =>
    running.reduce((total, session) => total + (of(session.resources) ?? 0), 0);
  const enforced = running.every((session) => session.resources.limits_enforced);
  const cpu = [sum((each) => each.cpu_usage), sum((each) => each.cpu_limit)] as const;
  const memory = [sum((each) => each.memory_usage), sum((each) => each.memory_limit)] as const;
  const sessions = [quota.current_sessions, quota.max_sessions] as const;
  return (
    <Stack className={`card ${classes.limits}`} gap="md">
      <Line
        label={t("dashboard.limit.sessions")}
        text={sessions[1] === null ? t("dashboard.limit.none", { count: sessions[0] }) : `${sessions[0]} / ${sessions[1]}`}
        value={sessions[1] === null ? undefined : sessions[0] / Math.max(1, sessions[1])}
      />
      {running.length > 0 && (
        <>
          <Line
            label={t("dashboard.limit.cpu")}
            text={t("dashboard.limit.cores", { used: cores(cpu[0]), all: cores(cpu[1]) })}
            value={cpu[1] > 0 ? cpu[0] / cpu[1] : undefined}
          />
          <Line
            label={t("dashboard.limit.memory")}
            text={`${bytes(memory[0])} / ${bytes(memory[1])}`}
            value={memory[1] > 0 ? memory[0] / memory[1] : undefined}
          />
        </>
      )}
      {running.length > 0 && !enforced && (
        <Text size="xs" c="dimmed">
          {t("sessions.notEnforced")}
        </Text>
      )}
    </Stack>
  );
}

function Line({ label, text, value }: { label: string; text: string; value: number | undefined }) {
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" mb={value === undefined ? 0 : 6}>
        <Text size="sm">{label}</Text>
        <Text size="sm" c="dimmed" className="numbers" style={{ whiteSpace: "nowrap" }}>
          {text}
        </Text>
      </Group>
      {value !== undefined && <Meter value={value} label={`${label} ${text}`} width="100%" />}
    </div>
  );
}
