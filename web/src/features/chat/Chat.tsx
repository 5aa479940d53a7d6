import { Center, Group, Loader, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { LiveSession, LiveView } from "../../api/events/live";
import { Cause } from "../sessions/page/Cause";
import { usePreferences } from "../../ui/preferences";
import { Composer } from "./Composer";
import { PendingPermissions } from "./PendingPermissions";
import { ExportMenu } from "./ExportMenu";
import { ProviderWait } from "./ProviderWait";
import { Queue } from "./Queue";
import { StartSteps } from "./StartSteps";
import { TranscriptList } from "./TranscriptList";
import { TurnEnd } from "./TurnEnd";
import classes from "./chat.module.css";

/** The conversation: what was said and done, what waits for an answer, what waits for its turn, and where to write. */
export function Chat({ sessionId, live, view }: { sessionId: string; live: LiveSession; view: LiveView }) {
  const { t } = useTranslation();
  const { session } = view;
  const [{ fontSize, fontFamily }] = usePreferences();
  if (session === undefined) {
    return (
      <Center flex={1}>
        <Loader size="sm" aria-label={t("session.connecting")} />
      </Center>
    );
  }
  const open = session.ended_at == null;
  return (
    <div className={classes.chat} data-size={fontSize} data-family={fontFamily}>
      <TranscriptList
        sessionId={sessionId}
        entries={view.entries}
        older={view.older}
        live={live}
        permissions={view.permissions}
        before={
          <>
            {session.status === "pending" && <StartSteps view={view} />}
            {session.status === "pending" && <Cause session={session} />}
          </>
        }
        after={open ? undefined : <Cause session={session} />}
      />
      <TurnEnd sessionId={sessionId} view={view} />
      <div className={classes.dock}>
        {open && <ProviderWait session={session} />}
        <PendingPermissions sessionId={sessionId} permissions={view.permissions} />
        <Queue sessionId={sessionId} prompts={view.openPrompts} />
        {open ? (
          <Composer
            sessionId={sessionId}
            pending={session.status === "pending"}
            working={view.openPrompts.some((prompt) => prompt.state !== "queued")}
          />
        ) : (
          <Group justify="center" gap="xs">
            <ExportMenu sessionId={sessionId} />
            <Text size="sm" c="dimmed">
              {t("chat.ended")}
            </Text>
          </Group>
        )}
      </div>
    </div>
  );
}
