import { Loader, Select, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data, type Schemas } from "../../../api/client";
import { saidOf } from "../../../ui/said";
import { creation } from "../../triggers/changes";
import { refusalText } from "../../triggers/problems";
import triggers from "../../triggers/triggers.module.css";
import { EVENTS } from "../events";
import { Verdict } from "../Verdict";
import { deliveryList, deliveryQuery } from "../queries";
import { bodyOf, type WebhookValues } from "../values";
import classes from "../webhooks.module.css";

const PAUSE_MS = 400;
const RECENT = 10;
/** Which payload: an event's example, or a delivery that came. */
const EXAMPLE = "example:";
const DELIVERY = "delivery:";

interface Props {
  values: WebhookValues;
  webhookId: string | undefined;
  delivery: string | undefined;
  refused: (problem: unknown) => void;
}

/** What would come of a delivery by the form as it is, and why; nothing is started and nothing kept. */
export function DryRun({ values, webhookId, delivery, refused }: Props) {
  const { t } = useTranslation();
  const title = useId();
  const [source, setSource] = useState(delivery === undefined ? undefined : DELIVERY + delivery);
  const fallback = EXAMPLE + (values.events[0] ?? "pull_request");
  const chosen = source ?? fallback;
  // nothing comes of a variable here, and a secret has no business in what is asked at each letter
  const harmless = { ...values, name: values.name.trim() || "-", session: { ...values.session, env: [], servers: [] } };
  const [body] = useDebouncedValue(JSON.stringify(creation(bodyOf(harmless))), PAUSE_MS);
  const recent = useInfiniteQuery({ ...deliveryList(webhookId ?? "", undefined), enabled: webhookId !== undefined });
  const past = (recent.data?.pages[0]?.deliveries ?? []).filter((each) => each.event !== "ping").slice(0, RECENT);
  const deliveryId = chosen.startsWith(DELIVERY) ? chosen.slice(DELIVERY.length) : undefined;
  const kept = useQuery({ ...deliveryQuery(webhookId ?? "", deliveryId ?? ""), enabled: webhookId !== undefined && deliveryId !== undefined });
  const event = deliveryId === undefined ? chosen.slice(EXAMPLE.length) : kept.data?.event;
  const payload = deliveryId === undefined ? undefined : kept.data?.payload;
  const ready = values.events.length > 0 && event !== undefined && (deliveryId === undefined || kept.isSuccess);
  const tried = useQuery({
    queryKey: ["webhooks", "test", event, deliveryId ?? "", body],
    queryFn: ({ signal }) =>
      data(
        api.POST("/api/v1/webhooks/test", {
          signal,
          body: {
            event: event ?? "",
            definition: JSON.parse(body) as Schemas["CreateWebhook"],
            ...(typeof payload === "object" && payload !== null ? { payload: payload as Record<string, never> } : {}),
          },
        }),
      ),
    enabled: ready,
    retry: false,
    staleTime: 60_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
  const { error } = tried;
  useEffect(() => refused(error ?? undefined), [error, refused]);
  const examples = [...new Set([...values.events, ...Object.keys(EVENTS)])].filter((each) => EVENTS[each] !== undefined);
  return (
    <aside className={`card ${classes.dryRun}`} aria-labelledby={title}>
      <div className={classes.dryRunHead}>
        <Title order={2} id={title}>
          {t("webhooks.try.title")}
        </Title>
        <Select
          aria-label={t("webhooks.try.payload")}
          allowDeselect={false}
          // of no event nothing is tried yet
          value={ready || source !== undefined ? chosen : null}
          placeholder={t("webhooks.try.payload")}
          rightSection={tried.isFetching ? <Loader size={16} role="img" aria-label={t("webhooks.try.running")} /> : undefined}
          onChange={(value) => setSource(value ?? undefined)}
          data={[
            ...(past.length === 0
              ? []
              : [
                  {
                    group: t("webhooks.try.recent"),
                    items: past.map((each) => ({
                      value: DELIVERY + each.delivery_id,
                      label: [[each.event, each.action].filter(Boolean).join("."), each.repository, each.ref].filter(Boolean).join(" · "),
                    })),
                  },
                ]),
            { group: t("webhooks.try.examples"), items: examples.map((each) => ({ value: EXAMPLE + each, label: each })) },
          ]}
        />
      </div>
      <div aria-live="polite">
        {!ready && !kept.isFetching ? (
          <Text size="sm" c="dimmed" p={16} className="prose">
            {kept.isError ? saidOf(kept.error, t).detail : t("webhooks.try.needsEvent")}
          </Text>
        ) : tried.error !== null ? (
          <div className={triggers.section}>
            <Text fw={600}>{t("webhooks.try.refused")}</Text>
            <Text size="sm" c="var(--cc-failed)" className="prose">
              {refusalText(tried.error) ?? saidOf(tried.error, t).detail}
            </Text>
          </div>
        ) : tried.data === undefined ? null : (
          <Verdict
            outcome={tried.data.outcome}
            sentence={tried.data.sentence}
            filters={tried.data.filters}
            message={tried.data.message ?? undefined}
            reuseKey={tried.data.reuse_key ?? undefined}
            payload={tried.data.payload}
            dry
          />
        )}
      </div>
    </aside>
  );
}
