import { Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { desktopNotices, type Permission } from "../../ui/desktop";
import { usePreferences } from "../../ui/preferences";
import { Choice, Panel } from "./Panel";

/** The browser is asked when somebody switches it on, never before. */
export function NotificationSettings() {
  const { t } = useTranslation();
  const [chosen, change] = usePreferences();
  const [allowed, setAllowed] = useState<Permission>(desktopNotices.permission);
  const toggle = async (on: boolean): Promise<void> => {
    if (!on) return change({ notifications: false });
    const answer = await desktopNotices.ask();
    setAllowed(answer);
    change({ notifications: answer === "granted" });
  };
  const help = allowed === "denied" || allowed === "unsupported" ? t(`settings.notify.${allowed}`) : t("settings.notify.help");
  return (
    <Panel title={t("settings.notify.title")}>
      <Choice label={t("settings.notify.label")} help={help}>
        <Switch
          aria-label={t("settings.notify.label")}
          size="md"
          checked={chosen.notifications && allowed === "granted"}
          disabled={allowed === "unsupported" || allowed === "denied"}
          onChange={(event) => void toggle(event.currentTarget.checked)}
        />
      </Choice>
    </Panel>
  );
}
