import { Text } from "@mantine/core";
import {
  IconAlertCircle,
  IconBan,
  IconKey,
  IconProgressAlert,
  IconShieldQuestion,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { inLanguage } from "../../i18n";
import { RelativeTime } from "../../ui/RelativeTime";
import type { Attention } from "./attention";
import { DispatchActions, FailedActions, LookActions, PermissionActions } from "./actions";
import { Countdown } from "./Countdown";
import classes from "./dashboard.module.css";
import { inputOf } from "./words";

const ICONS = {
  permission: IconShieldQuestion,
  provider: IconKey,
  stuck: IconProgressAlert,
  failed: IconAlertCircle,
  dispatch: IconBan,
} as const;

/** One row for each thing that waits for a person: what it is, what happens without an answer, what can be done. */
export function Attentions({ items }: { items: readonly Attention[] }) {
  const { t } = useTranslation();
  if (items.length === 0) {
    return (
      <div className={`card ${classes.nothing}`}>
        <Text size="sm" c="dimmed">
          {t("dashboard.nothingNeeded")}
        </Text>
      </div>
    );
  }
  return (
    <ul className={`card ${classes.list}`}>
      {items.map((each) => (
        <Row key={each.key} each={each} />
      ))}
    </ul>
  );
}

function Row({ each }: { each: Attention }) {
  const Icon = ICONS[each.kind];
  return (
    <li className={classes.attention} data-kind={each.kind}>
      <Icon size={18} stroke={1.6} aria-hidden className={classes.attentionIcon} />
      <div className={classes.who}>
        {each.kind === "dispatch" ? (
          <span className={classes.name}>{each.dispatch.source.name}</span>
        ) : (
          <Link className={classes.name} to="/sessions/$sessionId" params={{ sessionId: each.session.session_id }}>
            {each.session.name}
          </Link>
        )}
        <Text size="xs" c="dimmed" component="div">
          <RelativeTime at={each.at} />
          <Consequence each={each} />
        </Text>
      </div>
      <What each={each} />
      <div className={classes.does}>
        <Does each={each} />
      </div>
    </li>
  );
}

/** What happens if nobody does anything. */
function Consequence({ each }: { each: Attention }) {
  const { t } = useTranslation();
  if (each.kind === "permission" && each.permission.expires_at != null) {
    return <Countdown to={each.permission.expires_at} say={(time) => ` · ${t("dashboard.rejectedIn", { time })}`} />;
  }
  if (each.kind === "stuck" && each.session.deadline_at != null) {
    return <Countdown to={each.session.deadline_at} say={(time) => ` · ${t("dashboard.failsIn", { time })}`} />;
  }
  return null;
}

function What({ each }: { each: Attention }) {
  const { t } = useTranslation();
  const of = (title: ReactNode, detail: ReactNode) => (
    <div className={classes.what}>
      <Text size="sm" className="prose" lineClamp={2}>
        {title}
      </Text>
      <Text size="xs" c="dimmed" component="div" className="prose" lineClamp={2}>
        {detail}
      </Text>
    </div>
  );
  switch (each.kind) {
    case "permission": {
      const input = inputOf(each.permission.tool);
      return of(
        each.permission.title,
        input === undefined || input === each.permission.title ? t("dashboard.asks") : <code className={classes.command}>{input}</code>,
      );
    }
    case "provider":
      return of(t("dashboard.keyRefused"), t("dashboard.keyRefusedHelp"));
    case "stuck":
      return of(inLanguage(each.diagnosis.message), inLanguage(each.diagnosis.hint));
    case "failed":
      return of(inLanguage(each.session.status_message) || t("status.failed"), <code>{each.session.status_reason}</code>);
    case "dispatch":
      return of(
        t(`dashboard.notStarted.${each.dispatch.source.kind}`),
        inLanguage(each.dispatch.failure?.message) || each.dispatch.failure?.code,
      );
  }
}

function Does({ each }: { each: Attention }) {
  const { t } = useTranslation();
  switch (each.kind) {
    case "permission":
      return <PermissionActions session={each.session} permission={each.permission} />;
    case "provider":
      return <LookActions session={each.session} label={t("action.open")} />;
    case "stuck":
      return <LookActions session={each.session} label={t("dashboard.diagnose")} />;
    case "failed":
      return <FailedActions seenKey={each.key} session={each.session} />;
    case "dispatch":
      return <DispatchActions seenKey={each.key} dispatch={each.dispatch} />;
  }
}
