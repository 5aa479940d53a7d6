import { Button } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Permission } from "../../api/events/frames";
import type { Entry } from "../../api/events/transcript";
import type { LiveSession, LiveView } from "../../api/events/live";
import { EntryView } from "./EntryView";
import { Older } from "./Older";
import { ToolGroup } from "./ToolGroup";
import classes from "./chat.module.css";
import { refusedCalls, rowsOf } from "./rows";

const NEAR = 80;
/** So far from the beginning of what is here, more of it is fetched. */
const BEGINNING = 800;
const NEWS: ReadonlySet<Entry["type"]> = new Set(["message", "tool", "permission", "notice"]);

/**
 * The conversation as a list of which only what is on the screen is in the page. It stays at its end while somebody is
 * there, and where they are when they have gone up to read. What stands after it is the end, and is read from its beginning.
 */
export function TranscriptList({
  sessionId,
  entries,
  permissions,
  before,
  after,
  older,
  live,
}: {
  sessionId: string;
  entries: readonly Entry[];
  permissions: ReadonlyMap<string, Permission>;
  before: ReactNode;
  after: ReactNode;
  older: LiveView["older"];
  live: Pick<LiveSession, "older" | "follow">;
}) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const tail = useRef<HTMLDivElement>(null);
  const ends = after != null;
  const pinned = useRef(true);
  /** The number of the last entry when somebody went up to read; undefined at the end. */
  const [leftAt, setLeftAt] = useState<number>();
  const refused = useMemo(() => refusedCalls(permissions), [permissions]);
  const rows = useMemo(() => rowsOf(entries), [entries]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 72,
    overscan: 6,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  const height = virtual.getTotalSize();
  // what is put in front moves nothing that is being read
  const first = useRef<string>(undefined);
  const drawn = useRef<{ key: unknown; start: number }[]>([]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && !pinned.current && rows[0]?.key !== first.current) {
      // the first one may be another now: a tool call that joined those before it
      for (const { key, start } of drawn.current.slice(1)) {
        const now = virtual.measurementsCache[rows.findIndex((row) => row.key === key)]?.start;
        if (now === undefined) continue;
        element.scrollTop += now - start;
        break;
      }
    }
    first.current = rows[0]?.key;
    drawn.current = virtual.getVirtualItems().map(({ key, start }) => ({ key, start }));
  });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && pinned.current) element.scrollTop = endOf(element, tail.current);
  }, [height, entries, ends]);
  useEffect(() => {
    const element = scroller.current;
    // where nothing is seen, nothing is scrolled to either
    if (element !== null && element.clientHeight > 0 && older === "there" && element.scrollTop < BEGINNING) live.older();
  }, [older, rows, live]);
  useEffect(() => {
    // another session's list begins at its end
    live.follow(pinned.current);
  }, [live]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => {
      if (pinned.current) element.scrollTop = endOf(element, tail.current);
    });
    watch.observe(element);
    if (tail.current !== null) watch.observe(tail.current);
    return () => watch.disconnect();
  }, [ends]);
  const scrolled = (): void => {
    const element = scroller.current;
    if (element === null) return;
    pinned.current = endOf(element, tail.current) - element.scrollTop < NEAR;
    live.follow(pinned.current);
    if (older === "there" && element.scrollTop < BEGINNING) live.older();
    setLeftAt((before) => (pinned.current ? undefined : (before ?? entries.at(-1)?.seq ?? 0)));
  };
  const toEnd = (): void => {
    pinned.current = true;
    live.follow(true);
    setLeftAt(undefined);
    const element = scroller.current;
    if (element !== null) element.scrollTop = endOf(element, tail.current);
  };
  const fresh = leftAt === undefined ? 0 : entries.filter((entry) => entry.seq > leftAt && NEWS.has(entry.type)).length;
  return (
    <div className={classes.frame}>
      <div
        ref={scroller}
        className={classes.scroller}
        onScroll={scrolled}
        role="log"
        aria-label={t("chat.conversation")}
        aria-live="off"
        tabIndex={0}
      >
        <div className={classes.before}>
          <div className={classes.column}>
            {before}
            <Older state={older} show={live.older} />
          </div>
        </div>
        <div className={classes.inner} style={{ height }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return row === undefined ? null : (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={classes.item}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <div className={classes.column}>
                  {row.kind === "tools" ? (
                    <ToolGroup sessionId={sessionId} tools={row.tools} refused={refused} />
                  ) : (
                    <EntryView
                      sessionId={sessionId}
                      entry={row.entry}
                      rejected={row.entry.type === "tool" && refused.has(row.entry.tool.tool_call_id)}
                      permission={row.entry.type === "permission" ? permissions.get(row.entry.permissionId) : undefined}
                    />
                  )}
                </div>
              </div>
            );
          })}
        </div>
        {ends && (
          <div ref={tail} className={classes.after}>
            <div className={classes.column}>{after}</div>
          </div>
        )}
      </div>
      {leftAt !== undefined && (
        <Button
          className={classes.newest ?? ""}
          size="compact-sm"
          variant="default"
          leftSection={<IconArrowDown size={14} aria-hidden />}
          onClick={toEnd}
        >
          {fresh === 0 ? t("chat.newest") : t("chat.newMessages", { count: fresh })}
        </Button>
      )}
    </div>
  );
}

/** Where the list is scrolled to at its end: to the last line, or to the beginning of what stands after it. */
function endOf(scroller: HTMLElement, tail: HTMLElement | null): number {
  const bottom = scroller.scrollHeight - scroller.clientHeight;
  if (tail === null) return bottom;
  const top = tail.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  return Math.min(bottom, Math.floor(top));
}
