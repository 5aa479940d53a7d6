import { Text } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { memo, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { ToolCall } from "./ToolCall";
import chat from "./chat.module.css";
import { tallied, type ToolEntry } from "./rows";
import classes from "./tools.module.css";

const KINDS = new Set(["read", "edit", "delete", "move", "search", "execute", "think", "fetch"]);

/** Tool calls that followed each other, as one line; what failed or still runs stays in sight. */
export const ToolGroup = memo(
  function ToolGroup({ sessionId, tools, refused }: { sessionId: string; tools: readonly ToolEntry[]; refused: ReadonlySet<string> }) {
    const { t } = useTranslation();
    const [open, setOpen] = useState(false);
    const list = useId();
    const shown = open ? tools : tools.filter((entry) => entry.tool.status !== "completed");
    const name = (key: string): string =>
      key.startsWith("kind ") ? t(`chat.toolKind.${KINDS.has(key.slice(5)) ? key.slice(5) : "other"}`) : key;
    const names = tallied(tools).map(({ key, count }) => (count === 1 ? name(key) : `${name(key)} ×${count}`));
    return (
      <div className={chat.fold}>
        <button
          type="button"
          className={classes.groupHead}
          aria-expanded={open}
          aria-controls={list}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={14} aria-hidden className={classes.chevron ?? ""} />
          <span>{t("chat.tools", { count: tools.length })}</span>
          <Text span size="xs" c="dimmed" className={classes.groupNames ?? ""}>
            {names.join(", ")}
          </Text>
        </button>
        <ul id={list} className={classes.groupList} aria-label={t("chat.tools", { count: tools.length })} hidden={shown.length === 0}>
          {shown.map((entry) => (
            <li key={entry.key}>
              <ToolCall sessionId={sessionId} tool={entry.tool} rejected={refused.has(entry.tool.tool_call_id)} />
            </li>
          ))}
        </ul>
      </div>
    );
  },
  (before, after) =>
    before.sessionId === after.sessionId &&
    before.refused === after.refused &&
    before.tools.length === after.tools.length &&
    before.tools.every((entry, index) => entry === after.tools[index]),
);
