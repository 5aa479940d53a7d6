import { Anchor } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { RelativeTime } from "../../../ui/RelativeTime";
import { Copyable } from "../../triggers/Copyable";
import { useSessionSummary } from "../../triggers/summary";
import triggers from "../../triggers/triggers.module.css";
import { useNow } from "../../triggers/useNow";
import { RotateDialog } from "../secret/RotateDialog";
import { valuesOf, type Webhook } from "../values";
import classes from "../webhooks.module.css";

/** What a webhook reacts to, with which sessions, and where GitHub sends to. */
export function Overview({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const [rotating, rotation] = useDisclosure(false);
  const { session } = valuesOf(webhook);
  const summary = useSessionSummary(session);
  const now = useNow();
  const filters: [string, readonly string[]][] = [
    ["repositories", webhook.repositories],
    ["branches", webhook.branches],
    ["labels", webhook.pull_request_labels],
    ["paths", webhook.paths],
    ["senders", webhook.senders],
  ];
  const used = filters.filter(([, wanted]) => wanted.length > 0);
  return (
    <div className={`card ${classes.overview}`}>
      <section>
        <h2>{t("webhooks.events")}</h2>
        <div className={classes.names}>{webhook.events.join(", ")}</div>
        <div className={triggers.chips}>
          {webhook.actions.map((action) => (
            <code key={action} className={classes.chip}>
              {action}
            </code>
          ))}
        </div>
      </section>
      <section>
        <h2>{t("webhooks.filters")}</h2>
        <dl className={triggers.facts}>
          {used.map(([name, wanted]) => (
            <Fact key={name} name={t(`webhooks.filter.${name}`)}>
              {wanted.join(", ")}
            </Fact>
          ))}
          {webhook.condition !== null && (
            <Fact name={t("webhooks.filter.condition")}>
              <code className={triggers.mono}>{webhook.condition}</code>
            </Fact>
          )}
          <Fact name={t("webhooks.filterName.bot")}>{t(webhook.ignore_bots ? "webhooks.botsIgnored" : "webhooks.botsWelcome")}</Fact>
        </dl>
      </section>
      <section>
        <h2>{t("triggers.session")}</h2>
        <dl className={triggers.facts}>
          <Fact name={t("triggers.reuse.title")}>
            {t(`triggers.reuse.${session.reuse}`)}
            {session.reuse === "key" && <code className={`${triggers.mono} ${classes.block}`}>{session.reuseKey}</code>}
            {session.reuse === "named" && <> · {session.sessionId}</>}
          </Fact>
          <Fact name={t("webhooks.settings")}>{summary}</Fact>
        </dl>
      </section>
      <section>
        <h2>{t("webhooks.target")}</h2>
        <Copyable value={webhook.delivery_url} label="Payload URL" />
        <div className={classes.secret}>
          <IconKey size={14} aria-hidden />
          <span>{t("webhooks.secret")}</span>
          <span className={classes.dim}>
            <RelativeTime at={webhook.secret_rotated_at ?? webhook.created_at} />
          </span>
          <Anchor component="button" type="button" size="xs" ml="auto" onClick={rotation.open}>
            {t("webhooks.rotateShort")}
          </Anchor>
        </div>
        <div className={classes.dim}>{t("webhooks.secretWasShown")}</div>
        {webhook.old_secret_until != null && new Date(webhook.old_secret_until) > now && (
          <div className={classes.dim}>
            {t("webhooks.oldSecret")} <RelativeTime at={webhook.old_secret_until} />
          </div>
        )}
        <div className={classes.dim}>
          {webhook.last_delivery_at == null ? (
            t("webhooks.noDelivery")
          ) : (
            <>
              {t("webhooks.lastDelivery")} <RelativeTime at={webhook.last_delivery_at} />
            </>
          )}
        </div>
      </section>
      <RotateDialog webhook={webhook} opened={rotating} close={rotation.close} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
