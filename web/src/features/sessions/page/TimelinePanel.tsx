import { Skeleton, Stack, Text, Timeline } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { language } from "../../../i18n";
import { Failure } from "../../../ui/Failure";
import { RelativeTime } from "../../../ui/RelativeTime";
import { colourOf, detailsOf, keyOf } from "./timeline";
import classes from "./page.module.css";

/** A session's past: each change of its state, why, and what was known of it then (D4). */
export function TimelinePanel({ sessionId, version }: { sessionId: string; version: number }) {
  const { t } = useTranslation();
  const past = useQuery({
    // a new version of the session is what there may be something new about
    queryKey: ["sessions", "timeline", sessionId, version],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/sessions/{session_id}/timeline", { signal, params: { path: { session_id: sessionId } } }),
      ),
    placeholderData: (before) => before,
  });
  if (past.isError && past.data === undefined) return <Failure error={past.error} retry={() => void past.refetch()} />;
  return (
    <section className={classes.scroll} tabIndex={0} aria-label={t("session.tab.timeline")}>
      <div className="page">
        {past.data === undefined ? (
          <Stack aria-busy>
            {[1, 2, 3].map((row) => (
              <Skeleton key={row} height={14} width={280} />
            ))}
          </Stack>
        ) : (
          <Timeline bulletSize={10} lineWidth={2} active={past.data.timeline.length}>
            {past.data.timeline.toReversed().map((entry) => (
              <Timeline.Item
                key={entry.id}
                color={colourOf(entry.type)}
                title={t(`timeline.type.${keyOf(entry.type)}`, { defaultValue: keyOf(entry.type) })}
              >
                <Text size="xs" c="dimmed">
                  <RelativeTime at={entry.time} />
                </Text>
                {detailsOf(entry, language()).map(({ name, text }) => (
                  <Text key={name} size="sm">
                    <Text span c="dimmed" size="sm">
                      {t(`timeline.field.${name}`, { defaultValue: name })}
                    </Text>{" "}
                    {t(`timeline.value.${name}.${text}`, { defaultValue: text })}
                  </Text>
                ))}
              </Timeline.Item>
            ))}
          </Timeline>
        )}
      </div>
    </section>
  );
}
