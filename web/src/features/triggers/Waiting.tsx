import { Button, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import { RelativeTime } from "../../ui/RelativeTime";
import { toastDone, toastProblem } from "../../ui/toast";
import { waitingQuery, type Dispatch } from "./queries";
import classes from "./triggers.module.css";
import waiting from "./waiting.module.css";

/** What of this trigger waits, where it stands and for what; it can be taken back. Nothing is shown where nothing waits. */
export function Waiting({ kind, id }: { kind: "webhook" | "schedule"; id: string }) {
  const { t } = useTranslation();
  const title = useId();
  const { data } = useQuery(waitingQuery());
  const rows = data?.dispatches.filter(({ source }) => source.kind === kind && source.id === id) ?? [];
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby={title}>
      <Title order={2} id={title} mb="sm">
        {t("triggers.waiting.title")}{" "}
        <Text span c="dimmed" size="sm" className="numbers">
          {rows.length}
        </Text>
      </Title>
      <ul className={`card ${waiting.list}`}>
        {rows.map((row) => (
          <Row key={row.dispatch_id} row={row} />
        ))}
      </ul>
    </section>
  );
}

function Row({ row }: { row: Dispatch }) {
  const { t } = useTranslation();
  const cancel = useCancel();
  return (
    <li className={waiting.row}>
      <span className={`numbers ${waiting.place}`}>{row.place == null ? "—" : t("triggers.waiting.place", { place: row.place })}</span>
      <div className={classes.cell}>
        <div className={waiting.message}>{row.message.trim().split("\n", 1)[0]}</div>
        <div className={classes.sub}>
          {row.waiting_for != null && t(`triggers.waiting.for.${row.waiting_for}`)}
          {row.waiting_for != null && " · "}
          <RelativeTime at={row.created_at} />
        </div>
      </div>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconX size={14} aria-hidden />}
        loading={cancel.isPending}
        onClick={() => cancel.mutate(row.dispatch_id)}
      >
        {t("triggers.waiting.cancel")}
      </Button>
    </li>
  );
}

export function useCancel() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (dispatchId: string) =>
      api.DELETE("/api/v1/dispatches/{dispatch_id}", { params: { path: { dispatch_id: dispatchId } } }),
    onSuccess: () => toastDone(t("triggers.waiting.cancelled")),
    onError: toastProblem,
    onSettled: () =>
      Promise.all(["dispatches", "webhooks", "schedules"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}
