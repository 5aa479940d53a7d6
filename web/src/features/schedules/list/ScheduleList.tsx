import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import { scheduleList } from "../queries";
import { FirstSchedule } from "./FirstSchedule";
import { ScheduleTable } from "./ScheduleTable";

/** All schedules of the caller: when each runs next, and what came of it the last time (W4). */
export function ScheduleList({ selected }: { selected?: string }) {
  const { t } = useTranslation();
  const list = useInfiniteQuery(scheduleList());
  const rows = list.data?.pages.flatMap((page) => page.schedules) ?? [];
  const empty = list.isSuccess && rows.length === 0;
  const create = (
    <Button component={Link} to="/schedules/new" size="md" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("schedules.new")}
    </Button>
  );
  return (
    <Page title={t("schedules.title")} action={empty ? undefined : create}>
      {list.isError && list.data === undefined ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : empty ? (
        <FirstSchedule />
      ) : (
        <ScheduleTable rows={rows} loading={list.isPending} selected={selected} />
      )}
      {list.hasNextPage && (
        <Button variant="default" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage} mx="auto">
          {t("triggers.more")}
        </Button>
      )}
    </Page>
  );
}
