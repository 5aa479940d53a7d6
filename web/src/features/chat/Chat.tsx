import { Center, Loader, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { LiveSession, LiveView } from "../../api/events/live";
import { Cause } from "../sessions/page/Cause";
import { Composer } from "./Composer";
import { PendingPermissions } from "./PendingPermissions";
import { Queue } from "./Queue";
import { StartSteps } from "./StartSteps";
import { TranscriptList } from "./TranscriptList";
import classes from "./chat.module.css";

/** The conversation: what was said and done, what waits for an answer, what waits for its turn, and where to write. */
export function Chat({ sessionId, live, view }: { sessionId: string; live: LiveSession; view: LiveView }) {
  const { t } = useTranslation();
  const { session } = view;
  if (session === undefined) {
    return (
      <Center flex={1}>
        <Loader size="sm" aria-label={t("session.connecting")} />
      </Center>
    );
  }
  const open = session.ended_at == null;
  return (
    <div className={classes.chat}>
      <TranscriptList
        entries={view.entries}
        permissions={view.permissions}
        before={
          <>
            {session.status === "pending" && <StartSteps view={view} />}
            {(session.status === "pending" || !open) && <Cause session={session} />}
          </>
        }
      />
      <div className={classes.dock}>
        <PendingPermissions sessionId={sessionId} permissions={view.permissions} />
        <Queue sessionId={sessionId} prompts={view.openPrompts} />
        {open ? (
          <Composer sessionId={sessionId} live={live} view={view} />
        ) : (
          <Text size="sm" c="dimmed" ta="center">
            {t("chat.ended")}
          </Text>
        )}
      </div>
    </div>
  );
}
