import { Text } from "@mantine/core";
import { IconCalendarTime, IconWebhook } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "../../ui/RelativeTime";
import { CancelDispatch } from "./actions";
import classes from "./dashboard.module.css";
import type { Dispatch } from "./queries";

const ICONS = { webhook: IconWebhook, schedule: IconCalendarTime } as const;

/** What a webhook or a schedule set off and no session has yet, the next first. */
export function Waiting({ dispatches }: { dispatches: readonly Dispatch[] }) {
  const { t } = useTranslation();
  return (
    <ol className={`card ${classes.list}`}>
      {dispatches.map((dispatch) => {
        const Icon = ICONS[dispatch.source.kind];
        return (
          <li key={dispatch.dispatch_id} className={classes.waiting}>
            <Text size="xs" c="dimmed" className="numbers" w={16} ta="right">
              {dispatch.place ?? ""}
            </Text>
            <Icon size={16} stroke={1.6} aria-label={t(`dashboard.source.${dispatch.source.kind}`)} />
            <Text size="sm" truncate className={classes.waitingName}>
              {dispatch.source.name}
            </Text>
            <Text size="sm" c="dimmed" truncate className={classes.waitingMessage}>
              {dispatch.message}
            </Text>
            <Text size="xs" c="dimmed" className={classes.waitingSince}>
              {dispatch.waiting_for != null && `${t(`dashboard.waitingFor.${dispatch.waiting_for}`)} · `}
              <RelativeTime at={dispatch.created_at} />
            </Text>
            <CancelDispatch dispatch={dispatch} />
          </li>
        );
      })}
    </ol>
  );
}
