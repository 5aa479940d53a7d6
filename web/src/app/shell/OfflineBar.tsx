import { Text } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useTranslation } from "react-i18next";

import classes from "./Shell.module.css";

/** Says that the network is away: what is shown may be old, and what is typed is kept. */
export function OfflineBar() {
  const { t } = useTranslation();
  const { online } = useNetwork();
  if (online) return null;
  return (
    <div className={classes.offline} role="status" data-offline>
      <Text size="sm" truncate>{t("shell.offline")}</Text>
    </div>
  );
}
