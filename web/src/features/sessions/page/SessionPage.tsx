import { Button, Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/Failure";
import { setNeeded, usePageTitle } from "../../../ui/pageTitle";
import { Chat } from "../../chat/Chat";
import { failureKey } from "../../dashboard/attention";
import { markSeen } from "../../dashboard/seen";
import { isTab, TABS } from "../routes";
import { useLive } from "../useLive";
import { Details } from "./details/Details";
import { Logs } from "./Logs";
import { SubHeader } from "./SubHeader";
import { TimelinePanel } from "./TimelinePanel";
import { Changes } from "./changes/Changes";
import classes from "./page.module.css";

const route = getRouteApi("/shell/sessions/$sessionId");

/** One session: what is said, and what it is. */
export function SessionPage() {
  const { t } = useTranslation();
  const { sessionId } = route.useParams();
  const { tab = "chat" } = route.useSearch();
  const navigate = route.useNavigate();
  const { live, view } = useLive(sessionId);
  const { session, connection } = view;
  const retry = useCallback(() => live.retry(), [live]);
  usePageTitle(session?.name ?? t("nav.sessions"));
  const waiting = session?.pending_permissions ?? 0;
  useEffect(() => {
    setNeeded(waiting);
    return () => setNeeded(0);
  }, [waiting]);
  const failed = session?.status === "failed";
  useEffect(() => {
    // whoever is here has looked at it: it is no news any more
    if (failed) markSeen(failureKey(sessionId));
  }, [failed, sessionId]);
  if (session === undefined && connection.kind === "refused") {
    return (
      <Failure
        error={new Problem({ code: connection.code, message: connection.message, status: 404 })}
        action={
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/sessions" />}>
            {t("session.toList")}
          </Button>
        }
      />
    );
  }
  return (
    <div className={classes.page}>
      <SubHeader
        sessionId={sessionId}
        session={session}
        activity={view.activity}
        connection={connection}
        retry={retry}
      />
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: isTab(value) && value !== "chat" ? { tab: value } : {} })}
        keepMounted={false}
        classNames={{ root: classes.tabs, list: classes.tabList, panel: classes.panel }}
      >
        <Tabs.List>
          {TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t(`session.tab.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="chat" keepMounted>
          <Chat key={sessionId} sessionId={sessionId} live={live} view={view} />
        </Tabs.Panel>
        <Tabs.Panel value="changes">
          <Changes sessionId={sessionId} running={session === undefined || session.status === "running"} />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <Details sessionId={sessionId} view={view} />
        </Tabs.Panel>
        <Tabs.Panel value="logs">
          <Logs sessionId={sessionId} open={session?.ended_at == null} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <TimelinePanel sessionId={sessionId} version={session?.version ?? 0} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
