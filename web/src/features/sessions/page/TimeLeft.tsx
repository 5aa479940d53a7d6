import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../api/events/frames";
import { countdown } from "../../../ui/format";
import { useNow } from "./useNow";

const SCARCE = 0.05;

/** How long the session may go on; red in its last twentieth. */
export function TimeLeft({ session }: { session: Session }) {
  const { t } = useTranslation();
  const now = useNow();
  if (session.deadline_at == null) return null;
  const left = (Date.parse(session.deadline_at) - now) / 1000;
  const scarce = left < session.config.timeout_minutes * 60 * SCARCE;
  return (
    <Text size="xs" c={scarce ? "var(--cc-failed)" : "dimmed"} className="numbers" fw={scarce ? 600 : 400}>
      {t("session.left", { time: countdown(left) })}
    </Text>
  );
}
