import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** The whole conversation as a file (S11). */
export function ExportMenu({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const address = (format: string): string =>
    `/api/v1/sessions/${encodeURIComponent(sessionId)}/export?format=${format}`;
  return (
    <Menu position="top-start">
      <Menu.Target>
        <Tooltip label={t("chat.export")}>
          <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("chat.export")}>
            <IconDownload size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address("markdown")} download>
          Markdown
        </Menu.Item>
        <Menu.Item component="a" href={address("json")} download>
          JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
