import { Button, Loader, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../api/events/live";
import classes from "./older.module.css";

/** The beginning of what is here: more is on its way, can be had, or could not. */
export function Older({ state, show }: { state: LiveView["older"]; show: () => void }) {
  const { t } = useTranslation();
  if (state === "none") return null;
  return (
    <div className={classes.older}>
      {state === "loading" && <Loader size="xs" aria-label={t("chat.older.loading")} />}
      {state === "failed" && (
        <Text size="xs" role="alert">
          {t("chat.older.failed")}
        </Text>
      )}
      {state !== "loading" && (
        <Button variant="subtle" size="compact-sm" onClick={show}>
          {t(state === "failed" ? "chat.older.retry" : "chat.older.show")}
        </Button>
      )}
    </div>
  );
}
