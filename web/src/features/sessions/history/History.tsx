import { Button, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { language } from "../../../i18n";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { duration } from "../../../ui/format";
import { Page } from "../../../ui/Page";
import { RelativeTime } from "../../../ui/RelativeTime";
import { StatusBadge } from "../../../ui/StatusBadge";
import { shortRepository } from "../list/SessionRow";
import type { SessionSummary } from "../queries";
import classes from "./history.module.css";

const route = getRouteApi("/shell/sessions/history");
const PAGE = 100;
const STATUSES = ["completed", "failed", "terminated"] as const;
type Ended = (typeof STATUSES)[number];

/** Sessions that have ended, those that left the list too: what was said in them stays readable (S11). */
function ended(status: Ended | undefined) {
  return infiniteQueryOptions({
    queryKey: ["sessions", "history", status ?? "all"],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/sessions", {
          signal,
          params: {
            query: {
              limit: PAGE,
              include_deleted: true,
              sort: "updated_at",
              status: status ?? "ended",
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function History() {
  const { t } = useTranslation();
  const { status } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery(ended(status));
  const rows = list.data?.pages.flatMap((page) => page.sessions) ?? [];
  return (
    <Page title={t("history.title")}>
      <Text c="dimmed" size="sm" className="prose">
        {t("history.help")}
      </Text>
      <Tabs
        variant="pills"
        value={status ?? "all"}
        onChange={(value) => void navigate({ search: value === "all" ? {} : { status: value as Ended } })}
      >
        <Tabs.List aria-label={t("sessions.filter")}>
          <Tabs.Tab value="all">{t("sessions.all")}</Tabs.Tab>
          {STATUSES.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t(`status.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      {list.isError && rows.length === 0 ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isSuccess && rows.length === 0 && !list.hasNextPage ? (
        <Empty title={t("history.emptyTitle")}>{t("history.emptyHelp")}</Empty>
      ) : (
        <div className="card" role="table" aria-label={t("history.title")} aria-busy={list.isPending}>
          <div className={classes.head} role="row">
            <span role="columnheader">{t("sessions.column.name")}</span>
            <span role="columnheader">{t("sessions.column.status")}</span>
            <span role="columnheader" className={classes.ran}>
              {t("detail.ran")}
            </span>
            <span role="columnheader">{t("session.moment.ended")}</span>
          </div>
          <div role="rowgroup">
            {list.isPending
              ? [1, 2, 3, 4].map((row) => (
                  <div key={row} className={classes.row}>
                    <Skeleton height={14} width={220} />
                  </div>
                ))
              : rows.map((session) => <Row key={session.session_id} session={session} />)}
          </div>
        </div>
      )}
      {list.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t("history.more")}
          </Button>
        </Group>
      )}
    </Page>
  );
}

function Row({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  return (
    <div className={classes.row} role="row">
      <div className={classes.name} role="cell">
        <Link className={classes.link} to="/sessions/$sessionId" params={{ sessionId: session.session_id }}>
          {session.name}
        </Link>
        <Text size="xs" c="dimmed" truncate>
          {session.repository == null ? session.session_id : [shortRepository(session.repository), session.branch].filter(Boolean).join(" · ")}
          {session.deleted_at != null && ` · ${t("history.deleted")}`}
        </Text>
      </div>
      <div role="cell">
        <StatusBadge status={session.status} />
      </div>
      <Text role="cell" size="sm" c="dimmed" className={`numbers ${classes.ran}`}>
        {session.run_seconds == null ? "" : duration(session.run_seconds, language())}
      </Text>
      <Text role="cell" size="sm" c="dimmed">
        <RelativeTime at={session.ended_at ?? session.updated_at} />
      </Text>
    </div>
  );
}
