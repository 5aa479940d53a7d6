import { Button, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { ConnectionState } from "../../../api/events/connection";
import { countdown } from "../../../ui/format";

/** Says when what is shown is not live: that it connects, or when it tries again and how to do so now. */
export function ConnectionMark({ state, retry }: { state: ConnectionState; retry: () => void }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (state.kind !== "waiting") return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [state.kind]);
  if (state.kind === "connecting") {
    return (
      <Text size="xs" c="dimmed" role="status">
        {t("session.connecting")}
      </Text>
    );
  }
  if (state.kind !== "waiting") return null;
  return (
    <>
      <Text size="xs" c="var(--cc-pending)" role="status">
        {t("session.reconnecting", { time: countdown((state.tryAt - now) / 1000) })}
      </Text>
      <Button size="compact-xs" variant="default" onClick={retry}>
        {t("action.retry")}
      </Button>
    </>
  );
}
