import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { chooseLanguage, type Language } from "../../i18n";

export function LanguageSwitch({ size = "xs" }: { size?: "xs" | "sm" }) {
  const { i18n, t } = useTranslation();
  return (
    <SegmentedControl
      aria-label={t("settings.language")}
      size={size}
      value={i18n.language}
      onChange={(value) => chooseLanguage(value as Language)}
      data={[
        { value: "ja", label: "日本語" },
        { value: "en", label: "English" },
      ]}
    />
  );
}
