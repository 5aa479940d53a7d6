import { Alert, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Copyable } from "../../triggers/Copyable";
import triggers from "../../triggers/triggers.module.css";
import type { Webhook } from "../values";
import classes from "../webhooks.module.css";

/** What has to be entered at GitHub, in the order in which its page asks for it; the secret is shown this once. */
export function SetUp({ webhook, secret }: { webhook: Pick<Webhook, "delivery_url" | "events">; secret: string }) {
  const { t } = useTranslation();
  const local = /^https?:\/\/(127\.|localhost|\[::1\])/.test(webhook.delivery_url);
  return (
    <div className={triggers.section}>
      <Alert color="yellow" icon={<IconKey size={18} aria-hidden />} title={t("webhooks.secretOnce")} mb="md">
        {t("webhooks.secretOnceHelp")}
      </Alert>
      <Text size="sm" className="prose" mb="md">
        {t("webhooks.setUpWhere")}
      </Text>
      <dl className={classes.setUp}>
        <dt>Payload URL</dt>
        <dd>
          <Copyable value={webhook.delivery_url} label="Payload URL" />
          {local && (
            <Text size="xs" c="var(--cc-pending)" mt={4} className="prose">
              {t("webhooks.localUrl")}
            </Text>
          )}
        </dd>
        <dt>Content type</dt>
        <dd>
          <Copyable value="application/json" label="Content type" />
        </dd>
        <dt>Secret</dt>
        <dd>
          <Copyable value={secret} label="Secret" />
        </dd>
        <dt>{t("webhooks.events")}</dt>
        <dd>
          <div className={triggers.chips}>
            {webhook.events.map((event) => (
              <code key={event} className={classes.chip}>
                {event}
              </code>
            ))}
          </div>
          <Text size="xs" c="dimmed" mt={4}>
            {t("webhooks.setUpEvents")}
          </Text>
        </dd>
      </dl>
    </div>
  );
}
