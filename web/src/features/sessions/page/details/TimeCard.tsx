import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { language } from "../../../../i18n";
import { clockTime } from "../../../../ui/format";
import { Meter } from "../../../../ui/Meter";
import { TimeLeft } from "../TimeLeft";
import { useNow } from "../useNow";
import { usePatch } from "../usePatch";
import { Card } from "./Card";

const STEPS = [30, 60] as const;

/** How long it may go on, and more of that by one press (S7). */
export function TimeCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const now = useNow();
  const patch = usePatch(session.session_id);
  const limit = session.config.timeout_minutes;
  if (session.ended_at != null) return null;
  if (limit === 0 || session.deadline_at == null) {
    return (
      <Card title={t("detail.time")}>
        <Text size="sm">{limit === 0 ? t("detail.noLimit") : t("detail.total", { minutes: limit })}</Text>
      </Card>
    );
  }
  const left = (Date.parse(session.deadline_at) - now) / 60_000;
  return (
    <Card title={t("detail.time")}>
      <Group justify="space-between">
        <Group gap="sm" align="baseline">
          <TimeLeft session={session} />
          <Text size="xs" c="dimmed" className="numbers">
            {t("session.moment.deadline")} {clockTime(new Date(session.deadline_at), language())}
          </Text>
        </Group>
        <Group gap="xs">
          {STEPS.map((minutes) => (
            <Button
              key={minutes}
              variant="default"
              size="compact-sm"
              disabled={patch.isPending}
              aria-label={t("session.extendBy", { minutes })}
              onClick={() => patch.mutate({ timeout_minutes: limit + minutes })}
            >
              {t("detail.addMinutes", { minutes })}
            </Button>
          ))}
        </Group>
      </Group>
      <Meter value={1 - left / limit} label={t("detail.time")} width="100%" />
      <Text size="xs" c="dimmed" ta="right" className="numbers">
        {t("detail.total", { minutes: limit })}
      </Text>
    </Card>
  );
}
