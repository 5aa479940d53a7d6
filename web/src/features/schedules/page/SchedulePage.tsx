import { ActionIcon, Alert, Button, Menu, Skeleton, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle, IconDots, IconPlayerPlay, IconTrash, IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { inLanguage } from "../../../i18n";
import { Failure } from "../../../ui/Failure";
import { usePageTitle } from "../../../ui/pageTitle";
import { toastDone, toastProblem } from "../../../ui/toast";
import { ConfirmDelete } from "../../triggers/ConfirmDelete";
import { Waiting } from "../../triggers/Waiting";
import { EditSchedule } from "../form/EditSchedule";
import { ScheduleList } from "../list/ScheduleList";
import { scheduleQuery } from "../queries";
import classes from "../schedules.module.css";
import type { Schedule } from "../values";
import { Runs } from "./Runs";
import { Summary } from "./Summary";

const route = getRouteApi("/shell/schedules/$scheduleId");

/** One schedule, beside the list where there is room: its runs, and its settings. */
export function SchedulePage() {
  const { scheduleId } = route.useParams();
  const { data, error, refetch } = useQuery(scheduleQuery(scheduleId));
  return (
    <div className={classes.split}>
      <div className={classes.beside}>
        <ScheduleList selected={scheduleId} />
      </div>
      <div className={classes.panel}>
        {data !== undefined ? (
          <Panel key={scheduleId} schedule={data} />
        ) : error === null ? (
          <div className={classes.body} aria-busy>
            <Skeleton height={28} width={200} />
            <Skeleton height={120} />
            <Skeleton height={240} />
          </div>
        ) : (
          <Failure error={error} retry={() => void refetch()} />
        )}
      </div>
    </div>
  );
}

function Panel({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const { tab = "runs" } = route.useSearch();
  const navigate = route.useNavigate();
  usePageTitle(schedule.name);
  return (
    <section aria-label={schedule.name}>
      <div className={classes.panelHead}>
        <h1>{schedule.name}</h1>
        <RunNow schedule={schedule} />
        <More schedule={schedule} />
        <ActionIcon
          variant="subtle"
          color="gray"
          size={30}
          aria-label={t("schedules.closePanel")}
          renderRoot={(props) => <Link {...props} to="/schedules" />}
        >
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </div>
      <Tabs value={tab} onChange={(value) => void navigate({ search: value === "settings" ? { tab: "settings" } : {} })} keepMounted={false}>
        <Tabs.List className={classes.tabs ?? ""}>
          <Tabs.Tab value="runs">{t("schedules.runs")}</Tabs.Tab>
          <Tabs.Tab value="settings">{t("schedules.settings")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="runs" className={classes.body ?? ""}>
          {(schedule.warnings ?? []).map((warning) => (
            <Alert key={inLanguage(warning)} color="yellow" icon={<IconAlertTriangle size={18} aria-hidden />}>
              {inLanguage(warning)}
            </Alert>
          ))}
          <Summary schedule={schedule} />
          <Waiting kind="schedule" id={schedule.schedule_id} />
          <Runs schedule={schedule} />
        </Tabs.Panel>
        <Tabs.Panel value="settings" className={classes.body ?? ""}>
          <EditSchedule schedule={schedule} close={() => void navigate({ search: {} })} />
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function RunNow({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = useRef(crypto.randomUUID());
  const run = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/schedules/{schedule_id}/run", {
          params: { path: { schedule_id: schedule.schedule_id }, header: { "Idempotency-Key": key.current } },
        }),
      ),
    onSuccess: () => toastDone(t("schedules.started", { name: schedule.name })),
    onError: toastProblem,
    onSettled: () => {
      key.current = crypto.randomUUID();
      return queries.invalidateQueries({ queryKey: ["schedules"] });
    },
  });
  return (
    <Button
      variant="default"
      size="compact-md"
      leftSection={<IconPlayerPlay size={14} aria-hidden />}
      loading={run.isPending}
      onClick={() => run.mutate()}
    >
      {t("schedules.runNow")}
    </Button>
  );
}

function More({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = route.useNavigate();
  const [opened, { open, close }] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/api/v1/schedules/{schedule_id}", { params: { path: { schedule_id: schedule.schedule_id } } }),
    onSuccess: async () => {
      toastDone(t("triggers.deleted", { name: schedule.name }));
      await navigate({ to: "/schedules" });
      queries.removeQueries({ queryKey: scheduleQuery(schedule.schedule_id).queryKey });
      await queries.invalidateQueries({ queryKey: ["schedules", "list"] });
    },
    onError: toastProblem,
  });
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={30} aria-label={t("action.more")}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={open}>
            {t("action.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDelete
        title={t("triggers.deleteTitle", { name: schedule.name })}
        opened={opened}
        close={close}
        remove={() => remove.mutate()}
        removing={remove.isPending}
      >
        {t("schedules.deleteHelp")}
      </ConfirmDelete>
    </>
  );
}
