import { Anchor, Button, Skeleton, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Failure } from "../../ui/Failure";
import { Page } from "../../ui/Page";
import { NextRuns, Recent } from "./Aside";
import { Attentions } from "./Attentions";
import classes from "./dashboard.module.css";
import { FirstSteps } from "./FirstSteps";
import { Limits } from "./Limits";
import { Open } from "./Open";
import { allSchedules, latestSessions, me, sessionsIn, waitingDispatches } from "./queries";
import { Section } from "./Section";
import { useAttention } from "./useAttention";
import { Waiting } from "./Waiting";

const OPEN_SHOWN = 12;
const RECENT_SHOWN = 6;
const RUNS_SHOWN = 5;

/** What needs me now, what runs, what waits, how much is in use, what comes and what was. */
export function Dashboard() {
  const { t } = useTranslation();
  const running = useQuery(sessionsIn("running"));
  const pending = useQuery(sessionsIn("pending"));
  const latest = useQuery(latestSessions);
  const waiting = useQuery(waitingDispatches);
  const schedules = useQuery(allSchedules);
  const account = useQuery(me);
  const needs = useAttention();
  const create = (
    <Button component={Link} to="/sessions/new" size="md" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("sessions.new")}
    </Button>
  );
  const parts = [running, pending, latest];
  const broken = parts.find((part) => part.isError && part.data === undefined);
  if (broken !== undefined) {
    return (
      <Page title={t("nav.dashboard")}>
        <Failure error={broken.error} retry={() => parts.forEach((part) => void part.refetch())} />
      </Page>
    );
  }
  if (running.data === undefined || pending.data === undefined || latest.data === undefined || !needs.known) {
    return (
      <Page title={t("nav.dashboard")} action={create}>
        <Loading />
      </Page>
    );
  }
  const open = [...running.data.sessions, ...pending.data.sessions];
  const ended = latest.data.sessions.filter((session) => session.ended_at != null).slice(0, RECENT_SHOWN);
  const next = (schedules.data?.schedules ?? [])
    .filter((schedule) => schedule.enabled && schedule.next_run_at !== null)
    .sort((one, other) => Date.parse(one.next_run_at ?? "") - Date.parse(other.next_run_at ?? ""))
    .slice(0, RUNS_SHOWN);
  const queue = waiting.data?.dispatches ?? [];
  const fresh = open.length === 0 && latest.data.sessions.length === 0 && queue.length === 0;
  return (
    <Page title={t("nav.dashboard")} action={create}>
      <div className={classes.columns}>
        <Stack gap="xl" miw={0} className={classes.main}>
          {fresh && needs.items.length === 0 ? (
            <FirstSteps />
          ) : (
            <Section title={t("dashboard.needed")} count={needs.items.length || undefined}>
              <Attentions items={needs.items} />
            </Section>
          )}
          {open.length > 0 && (
            <Section
              title={t("dashboard.open")}
              count={running.data.total + pending.data.total}
              aside={open.length > OPEN_SHOWN && <All to="/sessions" />}
            >
              <Open sessions={open.slice(0, OPEN_SHOWN)} />
            </Section>
          )}
          {queue.length > 0 && (
            <Section title={t("dashboard.waiting")} count={waiting.data?.total} aside={t("dashboard.waitingHelp")}>
              <Waiting dispatches={queue.slice(0, OPEN_SHOWN)} />
            </Section>
          )}
        </Stack>
        <Stack gap="xl" miw={0}>
          {account.data !== undefined && (
            <Section title={t("dashboard.limits")}>
              <Limits quota={account.data.quota} running={running.data.sessions} />
            </Section>
          )}
          {next.length > 0 && (
            <Section title={t("dashboard.next")} aside={<All to="/schedules" />}>
              <NextRuns schedules={next} />
            </Section>
          )}
          {ended.length > 0 && (
            <Section title={t("dashboard.recent")} aside={<All to="/sessions" />}>
              <Recent sessions={ended} />
            </Section>
          )}
        </Stack>
      </div>
    </Page>
  );
}

function All({ to }: { to: string }) {
  const { t } = useTranslation();
  const section = t(to === "/schedules" ? "nav.schedules" : "nav.sessions");
  return (
    <Anchor component={Link} to={to} size="xs" c="var(--cc-accent)" aria-label={`${t("dashboard.all")}: ${section}`}>
      {t("dashboard.all")}
    </Anchor>
  );
}

function Loading() {
  return (
    <div className={classes.columns} aria-busy>
      <Stack gap="xl">
        <Skeleton height={92} radius="md" />
        <Skeleton height={220} radius="md" />
      </Stack>
      <Stack gap="xl">
        <Skeleton height={150} radius="md" />
        <Skeleton height={220} radius="md" />
      </Stack>
    </div>
  );
}
