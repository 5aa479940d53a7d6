import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { language } from "../../../../i18n";
import { clockTime, countdown } from "../../../../ui/format";
import { useNow } from "../useNow";

/** Until when it must have started. */
export function Deadline({ at }: { at: string }) {
  const { t } = useTranslation();
  const left = (Date.parse(at) - useNow()) / 1000;
  return (
    <Text size="xs" c="dimmed" className="numbers">
      {t("pending.deadline", { at: clockTime(new Date(at), language()), left: countdown(left) })}
    </Text>
  );
}
