import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import triggers from "../../triggers/triggers.module.css";
import { webhookList } from "../queries";
import classes from "../webhooks.module.css";
import { FirstWebhook } from "./FirstWebhook";
import { WebhookRow } from "./WebhookRow";

/** All webhooks of the caller, and what came of their deliveries (W1). */
export function WebhookList() {
  const { t } = useTranslation();
  const list = useInfiniteQuery(webhookList());
  const rows = list.data?.pages.flatMap((page) => page.webhooks) ?? [];
  const empty = list.isSuccess && rows.length === 0;
  const create = (
    <Button component={Link} to="/webhooks/new" size="md" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("webhooks.new")}
    </Button>
  );
  return (
    <Page title={t("webhooks.title")} action={empty ? undefined : create}>
      {list.isError && list.data === undefined ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : empty ? (
        <FirstWebhook />
      ) : (
        <div className={`card ${triggers.table} ${classes.list}`} role="table" aria-label={t("webhooks.title")} aria-busy={list.isPending}>
          <div className={triggers.tableHead} role="row">
            {(["name", "filters", "deliveries", "last", "enabled"] as const).map((column) => (
              <span key={column} role="columnheader" data-column={column}>
                {t(`webhooks.column.${column}`)}
              </span>
            ))}
          </div>
          {list.isPending
            ? [0, 1, 2].map((index) => (
                <div key={index} className={triggers.row} role="row">
                  <span role="cell">
                    <Skeleton height={14} width={180} />
                  </span>
                </div>
              ))
            : rows.map((webhook) => <WebhookRow key={webhook.webhook_id} webhook={webhook} />)}
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} mx="auto">
          {t("triggers.more")}
        </Button>
      )}
    </Page>
  );
}
