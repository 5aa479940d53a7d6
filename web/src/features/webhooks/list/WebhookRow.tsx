import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "../../../ui/RelativeTime";
import { OutcomeBadge } from "../../triggers/OutcomeBadge";
import triggers from "../../triggers/triggers.module.css";
import { EnabledSwitch } from "../EnabledSwitch";
import { deliveryCount } from "../queries";
import type { Webhook } from "../values";

const TOLD = ["dispatched", "waiting", "failed"] as const;

export function WebhookRow({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const where = [...webhook.repositories, ...webhook.branches, ...webhook.pull_request_labels];
  return (
    <div className={triggers.row} role="row">
      <div role="cell" data-column="name" className={triggers.cell}>
        <Link className={triggers.link} to="/webhooks/$webhookId" params={{ webhookId: webhook.webhook_id }}>
          {webhook.name}
        </Link>
        <div className={triggers.sub}>{webhook.events.join(", ")}</div>
      </div>
      <div role="cell" data-column="filters" className={triggers.cell}>
        <div className={triggers.sub}>{where.length === 0 ? t("webhooks.everywhere") : where.join(", ")}</div>
      </div>
      <div role="cell" data-column="deliveries" className={triggers.cell}>
        <span className="numbers">{t("webhooks.deliveries", { count: webhook.deliveries })}</span>
        <div className={triggers.sub}>
          {webhook.deliveries > 0 && TOLD.map((outcome) => <Count key={outcome} id={webhook.webhook_id} outcome={outcome} />)}
        </div>
      </div>
      <div role="cell" data-column="last" className={triggers.cell}>
        {webhook.last_outcome == null || webhook.last_delivery_at == null ? (
          <span className={triggers.sub}>{t("webhooks.noneYet")}</span>
        ) : (
          <>
            <OutcomeBadge outcome={webhook.last_outcome} />
            <div className={`${triggers.sub} ${triggers.above}`}>
              <RelativeTime at={webhook.last_delivery_at} />
            </div>
          </>
        )}
      </div>
      <div role="cell" data-column="enabled" className={triggers.above}>
        <EnabledSwitch webhook={webhook} />
      </div>
    </div>
  );
}

function Count({ id, outcome }: { id: string; outcome: (typeof TOLD)[number] }) {
  const { t } = useTranslation();
  const { data } = useQuery(deliveryCount(id, outcome));
  if (data === undefined || data.total === 0) return null;
  return (
    <span className="numbers" style={{ marginRight: 8, color: outcome === "failed" ? "var(--cc-failed)" : undefined }}>
      {t(`triggers.outcome.${outcome}`)} {data.total}
      {data.capped && "+"}
    </span>
  );
}
