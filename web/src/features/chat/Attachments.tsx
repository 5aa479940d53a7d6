import { Text } from "@mantine/core";
import { IconDownload, IconFile, IconPhoto } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { AttachmentRef } from "../../api/events/frames";
import { bytes } from "../../ui/format";
import classes from "../attachments/attachments.module.css";

/** Files of a message: their names, their sizes, and the way to have them back. */
export function Attachments({ sessionId, attachments }: { sessionId: string; attachments: readonly AttachmentRef[] }) {
  const { t } = useTranslation();
  if (attachments.length === 0) return null;
  return (
    <ul className={classes.files} aria-label={t("chat.files.title")}>
      {attachments.map((each) => (
        <li key={each.attachment_id}>
          <a
            className={classes.file}
            href={`/api/v1/sessions/${encodeURIComponent(sessionId)}/attachments/${encodeURIComponent(each.attachment_id)}`}
            download={each.name}
          >
            {each.media_type.startsWith("image/") ? <IconPhoto size={16} aria-hidden /> : <IconFile size={16} aria-hidden />}
            <span className={classes.fileName}>{each.name}</span>
            <Text span size="xs" c="dimmed">
              {bytes(each.size_bytes)}
            </Text>
            <IconDownload size={14} aria-hidden />
          </a>
        </li>
      ))}
    </ul>
  );
}
