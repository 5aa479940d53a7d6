import { ActionIcon, Button, Checkbox, CopyButton, Group, Select, Skeleton, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { lineOf } from "./evidence";
import classes from "./logs.module.css";

const TAILS = ["200", "500", "2000"] as const;
const FOLLOW_MS = 3_000;

/** What the runner and the agent wrote, the newest at the end; of a session that has ended, what is on record (D2). */
export function Logs({ sessionId, open }: { sessionId: string; open: boolean }) {
  const { t } = useTranslation();
  const [tail, setTail] = useState<string>(TAILS[0]);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const logs = useQuery({
    queryKey: ["sessions", "logs", sessionId, tail],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions/{session_id}/logs", {
          signal,
          params: { path: { session_id: sessionId }, query: { tail: Number(tail) } },
        }),
      ),
    refetchInterval: open && follow ? FOLLOW_MS : false,
  });
  const text = logs.data?.lines.map(lineOf).join("\n") ?? "";
  useEffect(() => {
    if (follow) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text, follow]);
  const save = (): void => {
    const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${sessionId}.log`;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <div className={classes.panel}>
      <Group gap="sm" className={classes.bar}>
        <Select
          aria-label={t("logs.tail")}
          size="xs"
          w={150}
          allowDeselect={false}
          value={tail}
          data={TAILS.map((count) => ({ value: count, label: t("logs.last", { count: Number(count) }) }))}
          onChange={(value) => value !== null && setTail(value)}
        />
        {open && (
          <Checkbox
            size="xs"
            label={t("logs.follow")}
            checked={follow}
            onChange={(event) => setFollow(event.currentTarget.checked)}
          />
        )}
        <Text size="xs" c="dimmed">
          {logs.data === undefined ? "" : t(`logs.source.${logs.data.source}`, { defaultValue: logs.data.source })}
        </Text>
        <Group gap={4} ml="auto">
          <Tooltip label={t("logs.refresh")}>
            <ActionIcon variant="subtle" color="gray" aria-label={t("logs.refresh")} onClick={() => void logs.refetch()}>
              <IconRefresh size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Tooltip label={copied ? t("action.copied") : t("action.copy")}>
                <ActionIcon variant="subtle" color="gray" aria-label={t("action.copy")} onClick={copy} disabled={text === ""}>
                  {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                </ActionIcon>
              </Tooltip>
            )}
          </CopyButton>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconDownload size={14} aria-hidden />}
            disabled={text === ""}
            onClick={save}
          >
            {t("logs.download")}
          </Button>
        </Group>
      </Group>
      {logs.isPending ? (
        <div className={classes.lines}>
          {[320, 480, 260, 400].map((width) => (
            <Skeleton key={width} height={12} width={width} mb={10} maw="100%" />
          ))}
        </div>
      ) : logs.isError && logs.data === undefined ? (
        <Failure error={logs.error} retry={() => void logs.refetch()} />
      ) : text === "" ? (
        <Empty title={t("logs.emptyTitle")}>{t("logs.emptyHelp")}</Empty>
      ) : (
        <pre
          ref={box}
          className={classes.lines}
          tabIndex={0}
          role="log"
          aria-label={t("session.tab.logs")}
          aria-live="off"
          onWheel={(event) => event.deltaY < 0 && setFollow(false)}
        >
          {text}
        </pre>
      )}
    </div>
  );
}
