import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ToolData } from "../../api/events/frames";
import { ToolOutput } from "./ToolOutput";
import classes from "./chat.module.css";

/** One tool call: what it was and how it stands; opened, what it said. */
export function ToolCall({ sessionId, tool, rejected }: { sessionId: string; tool: ToolData; rejected: boolean }) {
  const { t } = useTranslation();
  const state = rejected && tool.status === "failed" ? "rejected" : tool.status;
  return (
    <details className={classes.fold}>
      <summary>
        <span className={classes.toolState} data-state={state} aria-hidden />
        <span>{tool.title}</span>
        <Text span size="xs" c="dimmed" ml="auto">
          {t(`chat.tool.${state}`)}
        </Text>
      </summary>
      <div className={classes.foldBody}>
        {tool.content.map((content, index) => (
          <ToolOutput key={index} sessionId={sessionId} content={content} />
        ))}
      </div>
    </details>
  );
}
