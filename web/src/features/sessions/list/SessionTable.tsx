import { Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { SessionSummary } from "../queries";
import { SessionRow } from "./SessionRow";
import classes from "./list.module.css";

const ROW = 60;
/** On a phone a session is a card. */
const CARD = 148;
const PHONE = "(max-width: 36em)";
const AHEAD = 20;

/** Only the rows on the screen are in the page, however many sessions there are. */
export function SessionTable({
  rows,
  loading,
  more,
}: {
  rows: readonly SessionSummary[];
  loading: boolean;
  more: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const phone = useMediaQuery(PHONE, undefined, { getInitialValueInEffect: false }) === true;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (phone ? CARD : ROW),
    overscan: 8,
    scrollMargin: body.current?.offsetTop ?? 0,
    getItemKey: (index) => rows[index]?.session_id ?? index,
  });
  // the sizes are computed once for each layout, not for each row
  useEffect(() => virtual.measure(), [virtual, phone]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more !== undefined && last >= rows.length - AHEAD) more();
  }, [last, rows.length, more]);
  return (
    <div className={`card ${classes.table}`} role="table" aria-rowcount={rows.length + 1} aria-busy={loading}>
      <div className={classes.head} role="row" aria-rowindex={1}>
        {(["name", "status", "resources", "created", "updated"] as const).map((column) => (
          <span key={column} role="columnheader" data-column={column}>
            {t(`sessions.column.${column}`)}
          </span>
        ))}
        <span role="columnheader" data-column="actions">
          <span className={classes.hidden}>{t("sessions.column.actions")}</span>
        </span>
      </div>
      {loading ? (
        Array.from({ length: 6 }, (_, index) => (
          <div key={index} className={classes.row} role="row">
            <Skeleton height={14} width={180} />
          </div>
        ))
      ) : (
        <div ref={body} role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const session = rows[item.index];
            return session === undefined ? null : (
              <SessionRow
                key={item.key}
                session={session}
                index={item.index}
                top={item.start - virtual.options.scrollMargin}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}
