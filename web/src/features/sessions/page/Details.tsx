import { Code, CopyButton, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../../api/events/live";
import { bytes, cores } from "../../../ui/format";
import { RelativeTime } from "../../../ui/RelativeTime";
import { Cause } from "./Cause";
import classes from "./page.module.css";

/** Everything about a session that is not said in it (S9, D4). */
export function Details({ sessionId, view }: { sessionId: string; view: LiveView }) {
  const { t } = useTranslation();
  const { session, activity } = view;
  if (session === undefined) return null;
  const used = { ...session.resources, ...activity?.resources };
  const moments = [
    ["created", session.created_at],
    ["running", session.running_at],
    ["ended", session.ended_at],
    ["deadline", session.ended_at == null ? session.deadline_at : null],
  ] as const;
  return (
    <div className={classes.scroll} tabIndex={0}>
      <div className="page">
        <Cause session={session} />
        <dl className={classes.facts}>
          <dt>ID</dt>
          <dd>
            <CopyButton value={sessionId}>
              {({ copied, copy }) => (
                <UnstyledButton onClick={copy} aria-label={`${t("action.copy")}: ${sessionId}`}>
                  <Code>{sessionId}</Code> {copied && <Text span size="xs">{t("action.copied")}</Text>}
                </UnstyledButton>
              )}
            </CopyButton>
          </dd>
          {moments.map(([name, at]) =>
            at == null ? null : (
              <div key={name} style={{ display: "contents" }}>
                <dt>{t(`session.moment.${name}`)}</dt>
                <dd>
                  <RelativeTime at={at} />
                </dd>
              </div>
            ),
          )}
          <dt>{t("sessions.cpu")}</dt>
          <dd className="numbers">
            {used.cpu_usage == null ? "" : `${cores(used.cpu_usage)} / `}
            {cores(used.cpu_limit)}
          </dd>
          <dt>{t("sessions.memory")}</dt>
          <dd className="numbers">
            {used.memory_usage == null ? "" : `${bytes(used.memory_usage)} / `}
            {bytes(used.memory_limit)}
          </dd>
          <dt>{t("session.agent")}</dt>
          <dd>
            {session.agent?.name ?? session.config.agent ?? "–"}
            {session.agent?.version == null ? "" : ` ${session.agent.version}`}
          </dd>
          <dt>Pod</dt>
          <dd>
            <Code>{session.pod_name}</Code> ({session.namespace})
          </dd>
        </dl>
        {(session.mcp_servers?.length ?? 0) > 0 && (
          <Stack gap="xs">
            <Title order={2}>{t("session.mcp")}</Title>
            {session.mcp_servers?.map((server) => (
              <Group key={server.name} gap="sm">
                <Text size="sm" fw={500}>
                  {server.name}
                </Text>
                <Text size="sm" c={server.state === "failed" ? "var(--cc-failed)" : "dimmed"}>
                  {t(`session.mcpState.${server.state}`)}
                  {server.error == null ? "" : `: ${server.error}`}
                </Text>
              </Group>
            ))}
          </Stack>
        )}
      </div>
    </div>
  );
}
