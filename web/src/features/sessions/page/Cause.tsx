import { Badge, Button, CopyButton, Group, Text } from "@mantine/core";
import { IconAlertCircle, IconAlertTriangle, IconCircleCheck, IconCopy, IconPlayerStop } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../api/events/frames";
import { inLanguage } from "../../../i18n";
import { useSessionActions } from "../actions/useSessionActions";
import { EndFacts } from "./EndFacts";
import { evidenceOf, headlineOf, moreMemory } from "./evidence";
import { isStuck, smallerOf } from "./pending/options";
import { PendingOptions } from "./pending/PendingOptions";
import { Shortages } from "./Shortages";
import classes from "./page.module.css";

const ICONS = { completed: IconCircleCheck, failed: IconAlertCircle } as const;

/** An end that somebody wished is nothing to be warned of. */
const BY_HAND = new Set(["stopped", "deleted"]);

/** Why it does not start, or why it ended: the sentence, the code, the evidence, and what to do (D1, D2). */
export function Cause({ session }: { session: Session }) {
  const { t } = useTranslation();
  const ended = session.ended_at != null;
  const { again } = useSessionActions(session.session_id, session.name);
  const { diagnosis } = session;
  if (diagnosis == null) return null;
  const Icon = BY_HAND.has(diagnosis.code) ? IconPlayerStop : session.status in ICONS ? ICONS[session.status as keyof typeof ICONS] : IconAlertTriangle;
  const { log, facts, shortages, exitCode } = evidenceOf(diagnosis.evidence);
  const memory = moreMemory(diagnosis.code, session.config.memory_limit);
  const others = ended ? facts.filter(([name]) => name !== "exit_code") : facts;
  const less = smallerOf(diagnosis.code, session.config, shortages);
  const first = memory ?? less;
  const kept = session.volume_id != null;
  const copied = `${diagnosis.code}\n${inLanguage(diagnosis.message)}\n${JSON.stringify(diagnosis.evidence ?? {}, null, 2)}`;
  return (
    <section className={classes.cause} data-state={session.status} aria-label={t("session.cause")}>
      <div className={classes.causeHead}>
        <Icon size={20} aria-hidden />
        <div>
          <div className={`${classes.causeTitle} prose`}>{headlineOf(inLanguage(diagnosis.message), log)}</div>
          <Badge variant="outline" color="gray" size="sm" tt="none" mt={6}>
            {diagnosis.code}
          </Badge>
        </div>
      </div>
      <div className={classes.causeBody}>
        <Text size="sm" className="prose">
          {ended && kept && BY_HAND.has(diagnosis.code) ? t("detail.resumeHelp") : inLanguage(diagnosis.hint)}
        </Text>
        <Shortages shortages={shortages} />
        {session.ended_at != null && (
          <EndFacts session={session} endedAt={session.ended_at} exitCode={exitCode} />
        )}
        {others.length > 0 && (
          <dl className={classes.evidence}>
            {others.map(([name, text]) => (
              <div key={name}>
                <dt>{t(`timeline.field.${name}`, { defaultValue: name.replaceAll("_", " ") })}</dt>
                <dd className="numbers">{t(`timeline.value.${name}.${text}`, { defaultValue: text })}</dd>
              </div>
            ))}
          </dl>
        )}
        {log.length > 0 && (
          <LastLog lines={log} />
        )}
        {!ended && isStuck(diagnosis.code) ? (
          <PendingOptions session={session} shortages={shortages} copied={copied} />
        ) : (
          <Group mt="md" gap="sm">
            {ended && memory !== undefined && (
              <Button
                loading={again.isPending}
                onClick={() => again.mutate({ resume: kept, config: { memory_limit: memory.limit } })}
              >
                {t(kept ? "detail.withMoreResume" : "detail.withMore", { size: memory.size })}
              </Button>
            )}
            {ended && less !== undefined && (
              <Button loading={again.isPending} onClick={() => again.mutate({ resume: false, config: less.config })}>
                {t("detail.withLess", { size: less.size })}
              </Button>
            )}
            {ended && kept && (
              <Button variant={first === undefined ? "filled" : "default"} loading={again.isPending} onClick={() => again.mutate({ resume: true })}>
                {t("action.resume")}
              </Button>
            )}
            {ended && session.status === "failed" && (
              <Button
                variant={first === undefined && !kept ? "filled" : "default"}
                renderRoot={(props) => <Link {...props} to="/sessions/new" search={{ from: session.session_id }} />}
              >
                {t("action.recreateWith")}
              </Button>
            )}
            {ended && (
              <Button
                variant={first === undefined && !kept && session.status === "terminated" ? "filled" : "default"}
                loading={again.isPending}
                onClick={() => again.mutate({ resume: false })}
              >
                {t("action.recreate")}
              </Button>
            )}
            <CopyButton value={copied}>
              {({ copied: done, copy }) => (
                <Button variant="subtle" color="gray" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy}>
                  {t(done ? "action.copied" : "detail.copyDiagnosis")}
                </Button>
              )}
            </CopyButton>
          </Group>
        )}
        {ended && kept && !BY_HAND.has(diagnosis.code) && (
          <Text size="xs" c="dimmed" mt={6}>
            {t("detail.resumeHelp")}
          </Text>
        )}
      </div>
    </section>
  );
}

/** The last lines of the log, opened at their end, where what went wrong is. */
function LastLog({ lines }: { lines: readonly string[] }) {
  const { t } = useTranslation();
  const box = useRef<HTMLPreElement>(null);
  const text = lines.join("\n");
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <pre ref={box} className={classes.log} tabIndex={0} role="region" aria-label={t("detail.lastLog")}>
      {text}
    </pre>
  );
}
