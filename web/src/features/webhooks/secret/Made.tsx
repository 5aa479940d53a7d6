import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Schemas } from "../../../api/client";
import { Head } from "../../triggers/Head";
import triggers from "../../triggers/triggers.module.css";
import { SetUp } from "./SetUp";

/** What GitHub has to be told of a webhook that was just made. */
export function Made({ webhook, done }: { webhook: Schemas["CreatedWebhook"]; done: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="page">
      <Head back={{ link: { to: "/webhooks" }, label: t("webhooks.title") }} title={t("webhooks.made", { name: webhook.name })} />
      <div className="card" style={{ maxWidth: 720 }}>
        <SetUp webhook={webhook} secret={webhook.secret} />
        <div className={triggers.bar}>
          <Button onClick={done}>{t("webhooks.toDeliveries")}</Button>
        </div>
      </div>
    </div>
  );
}
