import { ActionIcon, Badge, Group, Skeleton, Text, Tooltip } from "@mantine/core";
import { IconChevronRight, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "../../../../api/client";
import { Problem } from "../../../../api/problem";
import { Empty } from "../../../../ui/Empty";
import { Failure } from "../../../../ui/Failure";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { changesQuery } from "../../queries";
import classes from "./changes.module.css";

const FileDiff = lazy(() => import("./FileDiff").then((module) => ({ default: module.FileDiff })));

export type FileChange = Schemas["FileChange"];

const COLOURS: Readonly<Record<FileChange["status"], string>> = {
  added: "leaf",
  untracked: "leaf",
  modified: "yellow",
  renamed: "blue",
  deleted: "red",
};

/** What is different in the workspace from what was cloned, asked of the runner file by file. */
export function Changes({ sessionId, running }: { sessionId: string; running: boolean }) {
  const { t } = useTranslation();
  const changes = useQuery({ ...changesQuery(sessionId), enabled: running });
  if (!running) return <Empty title={t("changes.notRunningTitle")}>{t("changes.notRunningHelp")}</Empty>;
  if (changes.isError && changes.data === undefined) {
    const stopped = changes.error instanceof Problem && changes.error.status === 409;
    return stopped ? (
      <Empty title={t("changes.notRunningTitle")}>{changes.error.message}</Empty>
    ) : (
      <Failure error={changes.error} retry={() => void changes.refetch()} />
    );
  }
  if (changes.data === undefined) {
    return (
      <div className={classes.panel} aria-busy>
        <div className={classes.files}>
          {[260, 340, 220].map((width) => (
            <Skeleton key={width} height={14} width={width} my={10} mx={24} maw="80%" />
          ))}
        </div>
      </div>
    );
  }
  const { base, files, truncated, taken_at } = changes.data;
  return (
    <div className={classes.panel}>
      <Group gap="sm" className={classes.bar}>
        <Text size="sm" fw={500}>
          {files.length > 0 && t("changes.count", { count: files.length })}
        </Text>
        {base !== null && (
          <Text size="xs" c="dimmed">
            {t("changes.since", { commit: base.commit.slice(0, 8), branch: base.branch ?? "" })}
          </Text>
        )}
        <Text size="xs" c="dimmed" ml="auto">
          <RelativeTime at={taken_at} />
        </Text>
        <Tooltip label={t("logs.refresh")}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("logs.refresh")}
            loading={changes.isFetching}
            onClick={() => void changes.refetch()}
          >
            <IconRefresh size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
      {files.length === 0 ? (
        <Empty title={t("changes.emptyTitle")}>{t(base === null ? "changes.noRepository" : "changes.emptyHelp")}</Empty>
      ) : (
        <ul className={classes.files} aria-label={t("session.tab.changes")}>
          {files.map((file) => (
            <File key={file.path} sessionId={sessionId} file={file} takenAt={taken_at} />
          ))}
          {truncated && (
            <li className={classes.note}>
              <Text size="sm" c="dimmed">
                {t("changes.truncated")}
              </Text>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function File({ sessionId, file, takenAt }: { sessionId: string; file: FileChange; takenAt: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <li className={classes.file}>
      <button type="button" className={classes.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} aria-hidden className={classes.chevron ?? ""} />
        <Badge className={classes.kind ?? ""} size="sm" variant="light" color={COLOURS[file.status]}>
          {t(`changes.status.${file.status}`)}
        </Badge>
        <span className={classes.path}>
          {file.old_path != null && file.old_path !== file.path && <span className={classes.old}>{file.old_path} → </span>}
          {file.path}
        </span>
        <span className={`numbers ${classes.counts}`}>
          {file.binary ? (
            t("changes.binary")
          ) : (
            <>
              <span className={classes.plus}>+{file.additions}</span> <span className={classes.minus}>−{file.deletions}</span>
            </>
          )}
        </span>
      </button>
      {open && (
        <Suspense fallback={<Skeleton height={80} m="sm" />}>
          <FileDiff sessionId={sessionId} path={file.path} takenAt={takenAt} />
        </Suspense>
      )}
    </li>
  );
}
