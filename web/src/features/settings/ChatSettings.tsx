import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { modKey } from "../../ui/keys";
import { usePreferences, type Preferences } from "../../ui/preferences";
import { Choice, Panel } from "./Panel";
import classes from "./settings.module.css";

export function ChatSettings() {
  const { t } = useTranslation();
  const [chosen, change] = usePreferences();
  const mod = modKey();
  return (
    <Panel title={t("settings.chat")}>
      <Choice label={t("settings.sendWith")} help={t(`settings.sendWithHelp.${chosen.sendWith}`, { mod })}>
        <SegmentedControl
          aria-label={t("settings.sendWith")}
          value={chosen.sendWith}
          onChange={(value) => change({ sendWith: value as Preferences["sendWith"] })}
          data={[
            { value: "enter", label: "Enter" },
            { value: "mod-enter", label: `${mod}+Enter` },
          ]}
        />
      </Choice>
      <Choice label={t("settings.fontSize")}>
        <SegmentedControl
          aria-label={t("settings.fontSize")}
          value={chosen.fontSize}
          onChange={(value) => change({ fontSize: value as Preferences["fontSize"] })}
          data={(["small", "normal", "large"] as const).map((value) => ({ value, label: t(`settings.sizes.${value}`) }))}
        />
      </Choice>
      <Choice label={t("settings.fontFamily")}>
        <SegmentedControl
          aria-label={t("settings.fontFamily")}
          value={chosen.fontFamily}
          onChange={(value) => change({ fontFamily: value as Preferences["fontFamily"] })}
          data={(["sans", "serif", "mono"] as const).map((value) => ({ value, label: t(`settings.families.${value}`) }))}
        />
      </Choice>
      <p className={classes.sample} data-size={chosen.fontSize} data-family={chosen.fontFamily}>
        {t("settings.sample")}
      </p>
    </Panel>
  );
}
