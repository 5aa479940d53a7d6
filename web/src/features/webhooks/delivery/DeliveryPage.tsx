import { Button, Skeleton } from "@mantine/core";
import { IconFlask, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { language } from "../../../i18n";
import { bytes, exactTime } from "../../../ui/format";
import { Failure } from "../../../ui/Failure";
import { Head } from "../../triggers/Head";
import { OutcomeBadge } from "../../triggers/OutcomeBadge";
import triggers from "../../triggers/triggers.module.css";
import { useCancel } from "../../triggers/Waiting";
import { deliveryQuery, webhookQuery } from "../queries";
import { useReason } from "../reason";
import { canReplay, useReplay } from "../replay";
import { Verdict } from "../Verdict";
import type { Schemas } from "../../../api/client";

const route = getRouteApi("/shell/webhooks/$webhookId/deliveries/$deliveryId");

/** One delivery: what came of it and why, what the agent was told, and what GitHub sent. */
export function DeliveryPage() {
  const { webhookId, deliveryId } = route.useParams();
  const { data, error, refetch } = useQuery(deliveryQuery(webhookId, deliveryId));
  if (data !== undefined) return <Shown delivery={data} />;
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className="page" aria-busy>
      <Skeleton height={28} width={280} />
      <Skeleton height={160} />
      <Skeleton height={320} />
    </div>
  );
}

function Shown({ delivery }: { delivery: Schemas["DeliveryResource"] }) {
  const { t } = useTranslation();
  const { webhookId } = route.useParams();
  const webhook = useQuery(webhookQuery(webhookId));
  const replay = useReplay(webhookId);
  const cancel = useCancel();
  const reason = useReason(delivery);
  const dispatch = delivery.dispatch_id;
  return (
    <div className="page">
      <Head
        back={{ link: { to: "/webhooks/$webhookId", params: { webhookId } }, label: webhook.data?.name ?? t("webhooks.title") }}
        title={[delivery.event, delivery.action].filter(Boolean).join(" · ")}
        beside={<OutcomeBadge outcome={delivery.outcome} />}
      >
        <Button
          variant="default"
          leftSection={<IconFlask size={16} aria-hidden />}
          renderRoot={(props) => (
            <Link {...props} to="/webhooks/$webhookId" params={{ webhookId }} search={{ tab: "edit", delivery: delivery.delivery_id }} />
          )}
        >
          {t("webhooks.tryWithIt")}
        </Button>
        {delivery.outcome === "waiting" && dispatch != null && (
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(dispatch)}>
            {t("triggers.waiting.cancel")}
          </Button>
        )}
        {canReplay(delivery) && (
          <Button
            variant={delivery.outcome === "failed" ? "filled" : "default"}
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={replay.isPending}
            onClick={() => replay.mutate(delivery.delivery_id)}
          >
            {t("webhooks.replay")}
          </Button>
        )}
      </Head>
      <div className="card">
        <div className={triggers.section}>
          <dl className={triggers.facts}>
            <Fact name={t("webhooks.column.reason")}>{reason}</Fact>
            {delivery.session_id != null && (
              <Fact name={t("webhooks.column.session")}>
                <Link to="/sessions/$sessionId" params={{ sessionId: delivery.session_id }}>
                  {delivery.session_id}
                </Link>
              </Fact>
            )}
            {delivery.prompt_id != null && <Fact name={t("webhooks.prompt")}>{delivery.prompt_id}</Fact>}
            {delivery.duplicate_of != null && (
              <Fact name={t("webhooks.firstOne")}>
                <Link
                  to="/webhooks/$webhookId/deliveries/$deliveryId"
                  params={{ webhookId, deliveryId: delivery.duplicate_of }}
                >
                  {delivery.duplicate_of}
                </Link>
              </Fact>
            )}
            <Fact name={t("webhooks.column.subject")}>
              {[delivery.repository, delivery.ref].filter(Boolean).join(" ") || "—"}
            </Fact>
            <Fact name={t("webhooks.sender")}>{delivery.sender ?? "—"}</Fact>
            <Fact name={t("webhooks.column.received")}>{exactTime(new Date(delivery.received_at), language())}</Fact>
            {delivery.processed_at != null && (
              <Fact name={t("webhooks.processed")}>{exactTime(new Date(delivery.processed_at), language())}</Fact>
            )}
            <Fact name={t("webhooks.size")}>{bytes(delivery.size_bytes)}</Fact>
            <Fact name={t("webhooks.replays")}>{delivery.replays ?? 0}</Fact>
            <Fact name="X-GitHub-Delivery">
              <code className={triggers.mono}>{delivery.github_delivery}</code>
            </Fact>
          </dl>
        </div>
        <Verdict
          outcome={delivery.outcome}
          sentence={undefined}
          filters={delivery.filters ?? []}
          message={delivery.message ?? undefined}
          payload={delivery.payload}
        />
        {delivery.payload_truncated === true && <p className={triggers.section}>{t("webhooks.truncated")}</p>}
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
