import { Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import type { Permission } from "../../api/events/frames";
import type { Entry } from "../../api/events/transcript";
import { Attachments } from "./Attachments";
import { Markdown } from "./Markdown";
import { ToolCall } from "./ToolCall";
import classes from "./chat.module.css";

/** The runner's own words; what else ends a turn is said by the agent or its provider. */
const AGENT_GONE = "the agent's process ended";

/** One entry of the conversation; drawn again only when it is another one. */
export const EntryView = memo(function EntryView({
  sessionId,
  entry,
  permission,
  rejected,
}: {
  sessionId: string;
  entry: Entry;
  permission: Permission | undefined;
  /** Whether somebody refused what this tool call would have done. */
  rejected: boolean;
}) {
  const { t } = useTranslation();
  const byWhom = (answer: Permission["answer"]): string =>
    answer == null ? "–" : answer.source === "user" ? answer.by : t(`chat.answeredSource.${answer.source}`);
  switch (entry.type) {
    case "message":
      return entry.role === "user" ? (
        <div className={classes.user}>
          {entry.text}
          <Attachments sessionId={sessionId} attachments={entry.attachments} />
        </div>
      ) : (
        <Markdown text={entry.text} />
      );
    case "thought":
      return (
        <details className={classes.fold}>
          <summary>
            <Text span size="xs" c="dimmed">
              {t(entry.complete ? "chat.thought" : "chat.thinking")}
            </Text>
          </summary>
          <div className={classes.foldBody}>
            <Markdown text={entry.text} />
          </div>
        </details>
      );
    case "tool":
      return <ToolCall sessionId={sessionId} tool={entry.tool} rejected={rejected} />;
    case "plan":
      return (
        <ul className={classes.fold} style={{ margin: 0, padding: "8px 12px 8px 32px" }} aria-label={t("chat.plan")}>
          {entry.entries.map((step, index) => (
            <li key={index} style={step.status === "completed" ? { textDecoration: "line-through" } : undefined}>
              {step.content}
            </li>
          ))}
        </ul>
      );
    case "turn":
      return entry.state === "started" || entry.state === "done" ? null : (
        <div className={entry.state === "cancelled" ? classes.line : `${classes.line} ${classes.broken}`}>
          <span>
            {t(`chat.turn.${entry.state}`)}
            {entry.error === null ? "" : `: ${entry.error === AGENT_GONE ? t("chat.agentGone") : entry.error}`}
          </span>
          {entry.state !== "cancelled" && <span>{t("chat.failedHint")}</span>}
        </div>
      );
    case "permission":
      return permission === undefined || permission.state === "pending" ? null : (
        <div className={classes.line}>
          {entry.title} —{" "}
          {t("chat.answeredBy", {
            answer: t(`chat.answered.${permission.answer?.kind ?? "reject_once"}`),
            by: byWhom(permission.answer),
          })}
        </div>
      );
    case "notice":
      return <div className={classes.line}>{entry.message}</div>;
  }
});
