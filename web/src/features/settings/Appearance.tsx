import { SegmentedControl, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { LanguageSwitch } from "../../app/shell/LanguageSwitch";
import { Choice, Panel } from "./Panel";

export function Appearance() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title={t("settings.appearance")}>
      <Choice label={t("settings.language")}>
        <LanguageSwitch size="sm" />
      </Choice>
      <Choice label={t("settings.scheme")}>
        <SegmentedControl
          aria-label={t("settings.scheme")}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={(["auto", "light", "dark"] as const).map((value) => ({ value, label: t(`settings.schemes.${value}`) }))}
        />
      </Choice>
    </Panel>
  );
}
