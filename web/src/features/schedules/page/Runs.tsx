import { Button, Skeleton, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import { inLanguage, language } from "../../../i18n";
import { duration, exactTime } from "../../../ui/format";
import { Failure } from "../../../ui/Failure";
import { OutcomeBadge } from "../../triggers/OutcomeBadge";
import { dayTime } from "../../triggers/times";
import { useNow } from "../../triggers/useNow";
import { runList } from "../queries";
import classes from "../schedules.module.css";
import type { Run, Schedule } from "../values";

/** Each run of the last 90 days: when it was due, what became of it, how long it took, and its session. */
export function Runs({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const title = useId();
  const list = useInfiniteQuery(runList(schedule.schedule_id));
  const rows = list.data?.pages.flatMap((page) => page.runs) ?? [];
  return (
    <section aria-labelledby={title} className={classes.runs}>
      <Title order={2} id={title}>
        {t("schedules.runs")}{" "}
        {list.isSuccess && (
          <Text span size="sm" c="dimmed" className="numbers">
            {list.data.pages[0]?.total ?? 0}
          </Text>
        )}
      </Title>
      {list.isError && list.data === undefined ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Skeleton height={120} />
      ) : rows.length === 0 ? (
        <Text c="dimmed" size="sm" className="prose">
          {t("schedules.noRunsYet")}
        </Text>
      ) : (
        <ul className={`card ${classes.runList}`}>
          {rows.map((run) => (
            <RunRow key={run.run_id} run={run} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button variant="default" mx="auto" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("triggers.more")}
        </Button>
      )}
    </section>
  );
}

function RunRow({ run }: { run: Run }) {
  const { t } = useTranslation();
  const now = useNow();
  const why = [
    run.trigger === "manual" ? t("schedules.byHand") : "",
    run.duration_seconds == null ? "" : duration(run.duration_seconds, language()),
    run.outcome === "waiting" && run.waiting_for != null ? t(`triggers.waiting.for.${run.waiting_for}`) : inLanguage(run.reason_message),
    (run.missed_count ?? 0) > 1 ? t("schedules.missed", { count: run.missed_count ?? 0 }) : "",
  ].filter((part) => part !== "");
  return (
    <li className={classes.run}>
      <time className="numbers" dateTime={run.tick_at} title={exactTime(new Date(run.tick_at), language())}>
        {dayTime(new Date(run.tick_at), now, language())}
      </time>
      <OutcomeBadge outcome={run.outcome} />
      <span className={classes.runWhy}>{why.join(" · ")}</span>
      {run.session_id == null ? (
        <span aria-hidden>—</span>
      ) : (
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: run.session_id }}
          aria-label={t("schedules.openSession", { id: run.session_id })}
        >
          {t("triggers.session")}
        </Link>
      )}
    </li>
  );
}
