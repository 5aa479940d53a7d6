import { Button, Skeleton, Text, Title, VisuallyHidden } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import triggers from "../../triggers/triggers.module.css";
import { OUTCOMES, type Outcome } from "../outcomes";
import { deliveryCount, deliveryList } from "../queries";
import type { Webhook } from "../values";
import classes from "../webhooks.module.css";
import { DeliveryRow } from "./DeliveryRow";

const route = getRouteApi("/shell/webhooks/$webhookId");

/** Everything that came in the last 30 days, what became of it, and why (W2). */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const title = useId();
  const { outcome } = route.useSearch();
  const list = useInfiniteQuery(deliveryList(webhook.webhook_id, outcome));
  const rows = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <section aria-labelledby={title} className={classes.deliveries}>
      <div className={classes.deliveriesHead}>
        <Title order={2} id={title}>
          {t("webhooks.log")}
        </Title>
        <div className={classes.outcomes} role="group" aria-label={t("webhooks.byOutcome")}>
          <OutcomeFilter outcome={undefined} total={webhook.deliveries} />
          {OUTCOMES.map((each) => (
            <CountedFilter key={each} webhookId={webhook.webhook_id} outcome={each} />
          ))}
        </div>
      </div>
      {list.isError && list.data === undefined ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isSuccess && rows.length === 0 ? (
        <div className="card">
          <Empty title={t(outcome === undefined ? "webhooks.noDeliveries" : "webhooks.noSuchDeliveries")}>
            {outcome === undefined ? t("webhooks.noDeliveriesHelp") : undefined}
          </Empty>
        </div>
      ) : (
        <div className={`card ${triggers.table} ${classes.log}`} role="table" aria-labelledby={title} aria-busy={list.isPending}>
          <div className={triggers.tableHead} role="row">
            {(["received", "event", "subject", "outcome", "reason", "session"] as const).map((column) => (
              <span key={column} role="columnheader" data-column={column}>
                {t(`webhooks.column.${column}`)}
              </span>
            ))}
            <span role="columnheader" data-column="actions">
              <VisuallyHidden>{t("webhooks.column.actions")}</VisuallyHidden>
            </span>
          </div>
          {list.isPending
            ? [0, 1, 2, 3].map((index) => (
                <div key={index} className={triggers.row} role="row">
                  <span role="cell">
                    <Skeleton height={14} width={120} />
                  </span>
                </div>
              ))
            : rows.map((delivery) => <DeliveryRow key={delivery.delivery_id} delivery={delivery} />)}
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" mx="auto" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("triggers.more")}
        </Button>
      )}
    </section>
  );
}

function CountedFilter({ webhookId, outcome }: { webhookId: string; outcome: (typeof OUTCOMES)[number] }) {
  const { data } = useQuery(deliveryCount(webhookId, outcome));
  return <OutcomeFilter outcome={outcome} total={data?.total} />;
}

function OutcomeFilter({ outcome, total }: { outcome: (typeof OUTCOMES)[number] | undefined; total: number | undefined }) {
  const { t } = useTranslation();
  const chosen = route.useSearch({ select: (search) => search.outcome as Outcome | undefined });
  const navigate = route.useNavigate();
  const pressed = chosen === outcome;
  return (
    <button
      type="button"
      className={classes.outcome}
      aria-pressed={pressed}
      data-failed={outcome === "failed" && (total ?? 0) > 0}
      onClick={() => void navigate({ search: outcome === undefined ? {} : { outcome }, replace: true, resetScroll: false })}
    >
      {outcome === undefined ? t("webhooks.all") : t(`triggers.outcome.${outcome}`)}
      <Text span size="xs" className="numbers">
        {total ?? " "}
      </Text>
    </button>
  );
}
