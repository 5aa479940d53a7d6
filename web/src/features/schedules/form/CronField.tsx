import { Button, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { language } from "../../../i18n";
import { RelativeTime } from "../../../ui/RelativeTime";
import { calendarRow, offsetOf } from "../../triggers/times";
import triggers from "../../triggers/triggers.module.css";
import { useNow } from "../../triggers/useNow";
import { CRON_PRESETS } from "../cron";
import { previewQuery } from "../queries";
import classes from "../schedules.module.css";
import { useCronWords } from "../useCronWords";

interface Props {
  cron: string;
  timezone: string;
  /** Bounds as moments, where there are some. */
  bounds: { starts_at?: string; ends_at?: string };
  errors: Record<string, ReactNode>;
  change: (change: { cron?: string; timezone?: string }) => void;
  refused: (problem: unknown) => void;
}

const PAUSE_MS = 300;

/** When it runs: the expression, in words, and its next times in its zone. */
export function CronField({ cron, timezone, bounds, errors, change, refused }: Props) {
  const { t } = useTranslation();
  const zones = useMemo(() => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone"), timezone])], [timezone]);
  const [asked] = useDebouncedValue(JSON.stringify({ cron: cron.trim(), timezone, ...bounds }), PAUSE_MS);
  const preview = useQuery(previewQuery(JSON.parse(asked) as { cron: string; timezone: string }));
  const now = useNow();
  const { error } = preview;
  useEffect(() => refused(error ?? undefined), [error, refused]);
  const words = useCronWords(cron);
  // of an expression that cannot be used nothing is told but what is wrong with it
  const usable = error === null && errors.cron == null && cron.trim() !== "";
  const runs = usable ? (preview.data?.runs ?? []) : [];
  return (
    <div className={triggers.folded} style={{ paddingTop: 0, gap: 12 }}>
      <div className={classes.presets} role="group" aria-label={t("schedules.presets")}>
        {CRON_PRESETS.map((preset) => (
          <Button
            key={preset.name}
            variant="default"
            size="compact-sm"
            aria-pressed={preset.cron === cron.trim()}
            className={classes.preset}
            onClick={() => change({ cron: preset.cron })}
          >
            {t(`schedules.preset.${preset.name}`)}
          </Button>
        ))}
      </div>
      <div className={triggers.pair}>
        <TextInput
          label={t("schedules.cron")}
          classNames={{ input: triggers.monoInput ?? "" }}
          spellCheck={false}
          autoCapitalize="off"
          maxLength={200}
          value={cron}
          error={errors.cron}
          onChange={(event) => change({ cron: event.currentTarget.value })}
        />
        <Select
          label={t("schedules.timezone")}
          searchable
          allowDeselect={false}
          limit={100}
          nothingFoundMessage={t("schedules.noZone")}
          data={zones}
          value={timezone}
          error={errors.timezone}
          rightSectionWidth={84}
          rightSectionPointerEvents="none"
          rightSection={
            <Text size="xs" c="dimmed" className="numbers">
              {offsetOf(timezone, now)}
            </Text>
          }
          onChange={(zone) => {
            if (zone !== null) change({ timezone: zone });
          }}
        />
      </div>
      <div className={classes.preview} aria-live="polite" aria-busy={preview.isFetching}>
        <div className={classes.previewHead}>
          <strong>{(usable ? words : undefined) ?? t("schedules.cronHelp")}</strong>
          {runs.length > 0 && <span>{t("schedules.nextRuns", { count: runs.length })}</span>}
        </div>
        {preview.isSuccess && usable && runs.length === 0 && <Text size="sm">{t("schedules.noRuns")}</Text>}
        <ol>
          {runs.map((run) => {
            const row = calendarRow(new Date(run.at), language(), preview.data?.timezone ?? "UTC");
            return (
              <li key={run.at} className="numbers">
                <span>{row.date}</span>
                <span className={classes.weekday}>{row.weekday}</span>
                <span>{row.time}</span>
                <span className={classes.until}>
                  <RelativeTime at={run.at} />
                </span>
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}
