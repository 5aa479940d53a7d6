import { Button } from "@mantine/core";
import { IconChevronRight, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { language } from "../../../i18n";
import { RelativeTime } from "../../../ui/RelativeTime";
import { OutcomeBadge } from "../../triggers/OutcomeBadge";
import { dayTime } from "../../triggers/times";
import triggers from "../../triggers/triggers.module.css";
import { useNow } from "../../triggers/useNow";
import type { Delivery } from "../queries";
import { useReason } from "../reason";
import { canReplay, useReplay } from "../replay";
import classes from "../webhooks.module.css";

export function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation();
  const reason = useReason(delivery);
  const replay = useReplay(delivery.webhook_id);
  const now = useNow();
  const failed = delivery.outcome === "failed";
  return (
    <div className={triggers.row} role="row">
      <div role="cell" data-column="received" className={triggers.cell}>
        <Link
          className={`numbers ${triggers.link} ${classes.when}`}
          to="/webhooks/$webhookId/deliveries/$deliveryId"
          params={{ webhookId: delivery.webhook_id, deliveryId: delivery.delivery_id }}
          aria-label={t("webhooks.openDelivery", { event: delivery.event, at: dayTime(new Date(delivery.received_at), now, language()) })}
        >
          {new Intl.DateTimeFormat(language(), { timeStyle: "medium", hourCycle: "h23" }).format(new Date(delivery.received_at))}
        </Link>
        <div className={triggers.sub}>
          <RelativeTime at={delivery.received_at} />
        </div>
      </div>
      <div role="cell" data-column="event" className={triggers.cell}>
        <div className={classes.cut}>{delivery.event}</div>
        <div className={triggers.sub}>{delivery.action}</div>
      </div>
      <div role="cell" data-column="subject" className={triggers.cell}>
        <div className={classes.cut}>{delivery.ref ?? "—"}</div>
        <div className={triggers.sub}>{delivery.repository}</div>
      </div>
      <div role="cell" data-column="outcome">
        <OutcomeBadge outcome={delivery.outcome} />
      </div>
      <div role="cell" data-column="reason" className={classes.reason} data-failed={failed} title={reason}>
        {reason}
      </div>
      <div role="cell" data-column="session" className={triggers.cell}>
        {delivery.session_id == null ? (
          <span className={classes.dim}>—</span>
        ) : (
          <Link className={`${triggers.above} ${classes.session}`} to="/sessions/$sessionId" params={{ sessionId: delivery.session_id }}>
            {delivery.session_id}
          </Link>
        )}
      </div>
      <div role="cell" data-column="actions" className={`${triggers.above} ${classes.actions}`}>
        {canReplay(delivery) && (
          <Button
            variant={failed ? "default" : "subtle"}
            color="gray"
            c="var(--mantine-color-text)"
            size="compact-sm"
            leftSection={<IconRefresh size={14} aria-hidden />}
            aria-label={`${t("webhooks.replay")}: ${delivery.event} ${delivery.ref ?? ""}`}
            loading={replay.isPending}
            onClick={() => replay.mutate(delivery.delivery_id)}
          >
            {t("webhooks.replay")}
          </Button>
        )}
        <IconChevronRight size={16} aria-hidden />
      </div>
    </div>
  );
}
