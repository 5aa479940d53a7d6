import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { Card } from "./Card";
import classes from "./details.module.css";

/** Each MCP server, how it is, and its own words when it failed (D4). */
export function McpCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const told = session.mcp_servers ?? [];
  const waiting = Object.keys(session.config.mcp_servers ?? {})
    .filter((name) => !told.some((each) => each.name === name))
    .map((name) => ({ name, state: "unknown" as const, error: null }));
  const servers = [...told, ...waiting];
  if (servers.length === 0) return null;
  return (
    <Card title={t("session.mcp")}>
      <ul className={classes.servers}>
        {servers.map((server) => (
          <li key={server.name} data-state={server.state}>
            <span className={classes.dot} aria-hidden />
            <Text size="sm" fw={500}>
              {server.name}
            </Text>
            {server.error != null && (
              <Text size="sm" c="dimmed" className={classes.error}>
                {server.error}
              </Text>
            )}
            <Text size="sm" ml="auto" className={classes.state}>
              {t(`session.mcpState.${server.state}`)}
            </Text>
          </li>
        ))}
      </ul>
    </Card>
  );
}
