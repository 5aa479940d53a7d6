import { Code, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../../../api/events/live";
import { language } from "../../../../i18n";
import { bytes, duration } from "../../../../ui/format";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { Cause } from "../Cause";
import page from "../page.module.css";
import { Card } from "./Card";
import { ConfigCard } from "./ConfigCard";
import { Copied, Facts, type Fact } from "./Facts";
import { McpCard } from "./McpCard";
import { MemoryCard } from "./MemoryCard";
import { RemainsCard } from "./RemainsCard";
import { SettingsCard } from "./SettingsCard";
import { TimeCard } from "./TimeCard";
import { UsageCard } from "./UsageCard";
import classes from "./details.module.css";

/** Everything about a session that is not said in it (S9, D4). */
export function Details({ sessionId, view }: { sessionId: string; view: LiveView }) {
  const { t } = useTranslation();
  const { session, activity } = view;
  if (session === undefined) return null;
  const used = { ...session.resources, ...activity?.resources };
  const pod = activity?.pod_status ?? session.pod_status;
  const containers = pod?.container_statuses ?? [];
  const labels = Object.entries(session.labels);
  const ran = session.run_seconds ?? session.uptime_seconds;
  const moment = (at: string | null | undefined) => (at == null ? null : <RelativeTime at={at} />);
  const facts: Fact[] = [
    ["ID", <Copied key="id" value={sessionId} label="ID" />],
    [t("detail.user"), session.user],
    [t("session.moment.created"), moment(session.created_at)],
    [t("session.moment.running"), moment(session.running_at)],
    [t("session.moment.ended"), moment(session.ended_at)],
    [t("detail.updated"), moment(session.updated_at)],
    [t("detail.ran"), session.ended_at == null || ran == null ? null : duration(ran, language())],
    [
      t("detail.from"),
      session.recreated_from == null ? null : (
        <Link key="from" to="/sessions/$sessionId" params={{ sessionId: session.recreated_from }} className={classes.code}>
          {session.recreated_from}
        </Link>
      ),
    ],
    [
      t("detail.labels"),
      labels.length === 0 ? null : (
        <Group key="labels" gap={6}>
          {labels.map(([name, value]) => (
            <Code key={name} className={classes.code}>
              {name}={value}
            </Code>
          ))}
        </Group>
      ),
    ],
  ];
  const runtime: Fact[] = [
    ["Pod", <Copied key="pod" value={session.pod_name} label="Pod" />],
    [t("detail.namespace"), session.namespace],
    [t("detail.phase"), pod?.phase],
    ...containers.map(
      (each): Fact => [
        each.name,
        <Text key={each.name} span size="sm" c={each.ready ? "var(--cc-running)" : "dimmed"}>
          {each.ready ? t("detail.ready") : [each.reason, each.message].filter((word) => word != null && word !== "").join(": ")}
          {each.exit_code == null ? "" : ` (${t("detail.restart", { code: each.exit_code })})`}
        </Text>,
      ],
    ),
    ...(pod?.conditions ?? [])
      .filter((each) => each.status !== "True" && each.message != null && each.message !== "")
      .map((each): Fact => [each.type, each.message]),
    [t("detail.url"), <Copied key="url" value={session.connection_url} label={t("detail.url")} />],
  ];
  return (
    <section className={page.scroll} tabIndex={0} aria-label={t("session.tab.details")}>
      <div className="page">
        <Cause session={session} />
        <div className={classes.columns}>
          <div className={classes.column}>
            {session.ended_at != null && <MemoryCard session={session} />}
            <UsageCard session={session} used={used} />
            <TimeCard session={session} />
            <Card title={t("detail.connection")}>
              <Facts facts={runtime} />
            </Card>
            <McpCard session={session} />
          </div>
          <div className={classes.column}>
            {session.ended_at != null && <RemainsCard session={session} />}
            <Card title={t("detail.facts")}>
              <Facts facts={facts} />
            </Card>
            <ConfigCard session={session} memory={bytes(used.memory_limit)} />
            {session.deleted_at == null && <SettingsCard key={sessionId} session={session} />}
          </div>
        </div>
      </div>
    </section>
  );
}
