import { Badge, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { quantity } from "../../ui/format";
import { Page } from "../../ui/Page";
import { RelativeTime } from "../../ui/RelativeTime";
import { DeleteVolume } from "./DeleteVolume";
import { volumeList, type Volume } from "./queries";
import classes from "./volumes.module.css";

/** What sessions left behind on purpose: files that a later session can go on with (S5, S10). */
export function Volumes() {
  const { t } = useTranslation();
  const list = useInfiniteQuery(volumeList);
  const [leaving, setLeaving] = useState<Volume>();
  const volumes = list.data?.pages.flatMap((page) => page.volumes) ?? [];
  return (
    <Page title={t("volumes.title")}>
      <Text c="dimmed" size="sm">
        {t("volumes.help")}
      </Text>
      {list.isError && volumes.length === 0 ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : list.isSuccess && volumes.length === 0 ? (
        <Empty title={t("volumes.emptyTitle")}>{t("volumes.emptyHelp")}</Empty>
      ) : (
        <div className="card" role="table" aria-label={t("volumes.title")} aria-busy={list.isPending}>
          <div className={classes.head} role="row">
            <span role="columnheader">{t("volumes.column.name")}</span>
            <span role="columnheader">{t("volumes.column.size")}</span>
            <span role="columnheader" className={classes.when}>
              {t("volumes.column.kept")}
            </span>
            <span role="columnheader" aria-label={t("sessions.column.actions")} />
          </div>
          <div role="rowgroup">
            {list.isPending
              ? [1, 2, 3].map((row) => (
                  <div key={row} className={classes.row}>
                    <Skeleton height={14} width={220} />
                  </div>
                ))
              : volumes.map((volume) => <Row key={volume.volume_id} volume={volume} remove={() => setLeaving(volume)} />)}
          </div>
        </div>
      )}
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("volumes.more")}
        </Button>
      )}
      {leaving !== undefined && <DeleteVolume volume={leaving} close={() => setLeaving(undefined)} />}
    </Page>
  );
}

function Row({ volume, remove }: { volume: Volume; remove: () => void }) {
  const { t } = useTranslation();
  const name = volume.session_name ?? volume.session_id;
  return (
    <div className={classes.row} role="row">
      <Stack role="cell" gap={2} miw={0}>
        <Group gap="xs" wrap="nowrap">
          <Link
            className={classes.link}
            to="/sessions/$sessionId"
            params={{ sessionId: volume.session_id }}
          >
            {name}
          </Link>
          {volume.deleting && (
            <Badge size="sm" variant="light" color="gray">
              {t("volumes.deleting")}
            </Badge>
          )}
          {volume.in_use_by != null && (
            <Badge size="sm" variant="light" color="leaf">
              {t("volumes.inUse")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" className={classes.id}>
          {volume.volume_id}
        </Text>
      </Stack>
      <Text role="cell" size="sm" className="numbers">
        {quantity(volume.size)}
      </Text>
      <Text role="cell" size="sm" c="dimmed" className={classes.when}>
        <RelativeTime at={volume.kept_at ?? volume.created_at} />
      </Text>
      <Group role="cell" gap="xs" wrap="nowrap" className={classes.actions}>
        <Button
          variant="default"
          size="compact-sm"
          disabled={volume.deleting || volume.in_use_by != null}
          aria-label={`${t("volumes.use")}: ${name}`}
          renderRoot={(props) => <Link {...props} to="/sessions/new" search={{ volume: volume.volume_id }} />}
        >
          {t("volumes.use")}
        </Button>
        <Button
          variant="subtle"
          color="red"
          size="compact-sm"
          disabled={volume.deleting || volume.in_use_by != null}
          aria-label={`${t("action.delete")}: ${name}`}
          onClick={remove}
        >
          {t("action.delete")}
        </Button>
      </Group>
    </div>
  );
}
