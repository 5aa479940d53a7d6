import { Text } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Session } from "../../api/events/frames";
import { countdown } from "../../ui/format";
import classes from "./chat.module.css";

/** The model's provider refuses for the moment: that the agent waits for it, and until when (C1). */
export function ProviderWait({ session }: { session: Session }) {
  const { t } = useTranslation();
  const wait = session.provider_wait;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (wait == null) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [wait]);
  if (wait == null) return null;
  const left = wait.retry_at == null ? undefined : Math.max(0, (Date.parse(wait.retry_at) - now) / 1000);
  return (
    <div className={classes.waiting} role="status">
      <IconHourglass size={16} aria-hidden />
      <Text size="sm">{t(`chat.provider.${wait.reason}`)}</Text>
      <Text size="xs" c="dimmed" className="numbers" ml="auto">
        {left === undefined ? "" : t("chat.provider.again", { time: countdown(left), count: wait.attempts })}
      </Text>
    </div>
  );
}
