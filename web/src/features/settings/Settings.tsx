import { useTranslation } from "react-i18next";

import { Page } from "../../ui/Page";
import { Account } from "./Account";
import { ApiKeys } from "./ApiKeys";
import { Appearance } from "./Appearance";
import { ChatSettings } from "./ChatSettings";
import { NotificationSettings } from "./NotificationSettings";
import classes from "./settings.module.css";

/** What a person chooses for this browser, and what belongs to the account. */
export function Settings() {
  const { t } = useTranslation();
  return (
    <Page title={t("nav.settings")}>
      <div className={classes.column}>
        <Appearance />
        <ChatSettings />
        <NotificationSettings />
        <ApiKeys />
        <Account />
      </div>
    </Page>
  );
}
