import { Group, Text } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import classes from "./Shell.module.css";

const EVERY_MS = 30_000;

/** Whether the parts behind the gateway are there, at the foot of the navigation. */
export function Health() {
  const { t } = useTranslation();
  const health = useQuery({
    queryKey: ["health"],
    queryFn: () => data(api.GET("/health")),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const { online } = useNetwork();
  const status = health.isError || !online ? "down" : (health.data?.status ?? "ok");
  return (
    <Group className={classes.health} px="lg" h={44} justify="space-between" wrap="nowrap">
      <Group gap={8} wrap="nowrap">
        <span className={classes.dot} data-status={status} aria-hidden />
        <Text size="xs" c="dimmed" role="status">
          {t(status === "ok" ? "shell.connected" : status === "down" ? "shell.disconnected" : "shell.degraded")}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {health.data?.version === undefined ? "" : `v${health.data.version}`}
      </Text>
    </Group>
  );
}
