import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { language } from "../../i18n";
import { duration } from "../../ui/format";
import { Meter } from "../../ui/Meter";
import { toastDone, toastProblem } from "../../ui/toast";
import type { SessionSummary } from "./queries";

const SCARCE = 0.95;
const MORE_MINUTES = 30;

/** How much of its time a session has used; in the last twentieth it is red, and more can be given at once. */
export function TimeShare({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  if (session.status !== "running") {
    return (
      <Text size="xs" c="dimmed">
        {t("dashboard.countsFromStart")}
      </Text>
    );
  }
  if (session.deadline_at == null) {
    return (
      <Text size="xs" c="dimmed">
        {t("dashboard.noLimit")}
      </Text>
    );
  }
  const [start, end] = [Date.parse(session.running_at ?? session.created_at), Date.parse(session.deadline_at)];
  const used = end > start ? (now - start) / (end - start) : 1;
  const scarce = used >= SCARCE;
  const left = t("dashboard.left", { time: duration(Math.max(0, (end - now) / 1000), language()) });
  return (
    <div>
      <Group justify="space-between" gap={4} mb={4} wrap="nowrap">
        <Text size="xs" className="numbers" fw={scarce ? 600 : 400} c={scarce ? "var(--cc-failed)" : "var(--mantine-color-text)"}>
          {left}
        </Text>
        {scarce && <Extend session={session} />}
      </Group>
      <Meter value={scarce ? used : Math.min(used, 0.9)} label={left} width="100%" />
    </div>
  );
}

function Extend({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { session_id: session.session_id };
  const extend = useMutation({
    mutationFn: async () => {
      const now = await data(api.GET("/api/v1/sessions/{session_id}", { params: { path } }));
      const body = { timeout_minutes: now.config.timeout_minutes + MORE_MINUTES };
      return api.PATCH("/api/v1/sessions/{session_id}", { params: { path }, body });
    },
    onSuccess: () => toastDone(t("dashboard.extended", { count: MORE_MINUTES })),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <Button
      variant="transparent"
      size="compact-xs"
      px={0}
      loading={extend.isPending}
      aria-label={`${t("action.extend")}: ${session.name}`}
      onClick={() => extend.mutate()}
    >
      {t("action.extend")}
    </Button>
  );
}
