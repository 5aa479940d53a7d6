import { Button, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Diff, Hunk, parseDiff, type FileData } from "react-diff-view";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../../api/client";
import { saidOf } from "../../../../ui/said";
import "react-diff-view/style/index.css";
import "./diff.css";
import classes from "./changes.module.css";
import { firstHunks } from "./firstHunks";

/** One file's difference. A long one is shown from its beginning, and whole when that is asked for. */
export function FileDiff({ sessionId, path, takenAt }: { sessionId: string; path: string; takenAt: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const answer = useQuery({
    queryKey: ["sessions", "changes", sessionId, takenAt, path],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions/{session_id}/changes/file", {
          signal,
          params: { path: { session_id: sessionId }, query: { path } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const file = useMemo(() => parsed(answer.data?.diff), [answer.data]);
  if (answer.isPending) return <Skeleton height={80} m="sm" />;
  if (answer.isError) {
    const said = saidOf(answer.error, t);
    return (
      <div className={classes.note} role="alert">
        <Text size="sm">{said.title}</Text>
        <Text size="sm" c="dimmed">
          {said.detail}
        </Text>
        <Button variant="default" size="compact-sm" mt="xs" onClick={() => void answer.refetch()}>
          {t("action.retry")}
        </Button>
      </div>
    );
  }
  if (file === undefined || file.hunks.length === 0) {
    return (
      <Text className={classes.note} size="sm" c="dimmed">
        {t(answer.data.binary ? "changes.binaryHelp" : "changes.noText")}
      </Text>
    );
  }
  const { hunks, cut } = whole ? { hunks: file.hunks, cut: false } : firstHunks(file.hunks);
  return (
    <div className={classes.diff}>
      <Diff viewType="unified" diffType={file.type} hunks={hunks}>
        {(each) => each.map((hunk) => <Hunk key={hunk.content} hunk={hunk} />)}
      </Diff>
      {cut && (
        <Button variant="subtle" size="compact-sm" m="xs" onClick={() => setWhole(true)}>
          {t("changes.showWhole")}
        </Button>
      )}
      {answer.data.truncated && (
        <Text className={classes.note} size="sm" c="dimmed">
          {t("changes.fileTruncated")}
        </Text>
      )}
    </div>
  );
}

/** What the agent wrote can be anything: a text that is no difference is none, and no failure of the page. */
function parsed(diff: string | null | undefined): FileData | undefined {
  if (diff == null || diff === "") return undefined;
  try {
    return parseDiff(diff)[0];
  } catch {
    return undefined;
  }
}
