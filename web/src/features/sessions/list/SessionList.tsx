import { ActionIcon, Button, Group, Select, Tabs, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconArrowsSort, IconHistory, IconPlus, IconSearch } from "@tabler/icons-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import { MOST_LETTERS } from "../routes";
import { STATUSES, type Status } from "../status";
import classes from "./list.module.css";
import { SessionTable } from "./SessionTable";
import { useLiveList } from "./useLiveList";

const route = getRouteApi("/shell/sessions");

/** All sessions of the caller: by status, by name, sorted; live, and thousands of them smoothly (S8). */
export function SessionList() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [name, setName] = useState(search.q ?? "");
  const look = useDebouncedCallback((value: string) => {
    void navigate({ search: ({ q: _, ...rest }) => (value === "" ? rest : { ...rest, q: value }), replace: true });
  }, 250);
  const list = useLiveList(search);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.sessions) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? 0;
  const capped = list.data?.pages[0]?.total_capped ?? false;
  const filtered = search.status !== undefined || search.q !== undefined;
  const create = (
    <Button component={Link} to="/sessions/new" size="md" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("sessions.new")}
    </Button>
  );
  const actions = (
    <Group gap="sm" wrap="nowrap">
      <Button component={Link} to="/sessions/history" variant="default" size="md" leftSection={<IconHistory size={16} aria-hidden />} visibleFrom="sm">
        {t("history.link")}
      </Button>
      <ActionIcon component={Link} to="/sessions/history" variant="default" size={42} aria-label={t("history.link")} hiddenFrom="sm">
        <IconHistory size={18} aria-hidden />
      </ActionIcon>
      {create}
    </Group>
  );
  return (
    <Page title={t("sessions.title")} action={actions}>
      <Group justify="space-between" gap="md">
        <Tabs
          variant="pills"
          value={search.status ?? "all"}
          onChange={(value) =>
            void navigate({
              search: ({ status: _, ...rest }) => (value === "all" ? rest : { ...rest, status: value as Status }),
            })
          }
        >
          <Tabs.List aria-label={t("sessions.filter")}>
            <Tabs.Tab value="all">{t("sessions.all")}</Tabs.Tab>
            {STATUSES.map((status) => (
              <Tabs.Tab key={status} value={status}>
                {t(`status.${status}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
        <Group gap="sm" className={classes.looking}>
          <TextInput
            className={classes.search ?? ""}
            aria-label={t("sessions.search")}
            placeholder={t("sessions.search")}
            leftSection={<IconSearch size={16} aria-hidden />}
            maxLength={MOST_LETTERS}
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
              look(event.currentTarget.value.trim());
            }}
          />
          <Select
            aria-label={t("sessions.sort")}
            leftSection={<IconArrowsSort size={16} aria-hidden />}
            w={148}
            allowDeselect={false}
            value={search.sort ?? "started_at"}
            data={[
              { value: "started_at", label: t("sessions.byStarted") },
              { value: "updated_at", label: t("sessions.byUpdated") },
            ]}
            onChange={(value) =>
              void navigate({
                search: ({ sort: _, ...rest }) => (value === "updated_at" ? { ...rest, sort: "updated_at" } : rest),
              })
            }
          />
        </Group>
      </Group>
      <VisuallyHidden role="status">
        {list.isSuccess ? t(capped ? "sessions.capped" : "sessions.count", { count: total }) : ""}
      </VisuallyHidden>
      {list.isError && rows.length === 0 ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isSuccess && rows.length === 0 ? (
        filtered ? (
          <Empty
            title={t("sessions.noMatchTitle")}
            action={
              <Button variant="default" onClick={() => (setName(""), void navigate({ search: {} }))}>
                {t("sessions.clear")}
              </Button>
            }
          >
            {t("sessions.noMatchHelp")}
          </Empty>
        ) : (
          <Empty title={t("sessions.emptyTitle")} action={create}>
            {t("sessions.emptyHelp")}
          </Empty>
        )
      ) : (
        <SessionTable
          rows={rows}
          loading={list.isPending}
          more={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}
        />
      )}
    </Page>
  );
}
