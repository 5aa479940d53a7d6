import { ActionIcon, Progress, Text } from "@mantine/core";
import { IconAlertTriangle, IconFile, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { bytes } from "../../ui/format";
import { saidOf } from "../../ui/said";
import classes from "./attachments.module.css";
import type { Attached } from "./useAttachments";

/** The files of the message that is being written. */
export function AttachedFiles({ files, remove }: { files: readonly Attached[]; remove: (key: string) => void }) {
  const { t } = useTranslation();
  if (files.length === 0) return null;
  return (
    <ul className={classes.files} aria-label={t("chat.files.title")}>
      {files.map((file) => (
        <li key={file.key} className={classes.file} data-state={file.state}>
          {file.state === "failed" ? <IconAlertTriangle size={16} aria-hidden /> : <IconFile size={16} aria-hidden />}
          <span className={classes.fileName}>{file.name}</span>
          {file.state === "failed" ? (
            <Text span size="xs" role="alert">
              {file.refused === undefined ? saidOf(file.error, t).detail : t(`chat.files.${file.refused}`)}
            </Text>
          ) : (
            <Text span size="xs" c="dimmed" className="numbers">
              {bytes(file.size)}
            </Text>
          )}
          {file.state === "sending" && (
            <Progress value={file.share * 100} w={60} size="sm" aria-label={t("chat.files.sending", { name: file.name })} />
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            size={24}
            aria-label={t("chat.files.remove", { name: file.name })}
            onClick={() => remove(file.key)}
          >
            <IconX size={14} aria-hidden />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}
