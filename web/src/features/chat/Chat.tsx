import { Center, Group, Loader, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../api/events/frames";
import type { LiveSession, LiveView } from "../../api/events/live";
import { Cause } from "../sessions/page/Cause";
import { isStuck } from "../sessions/page/pending/options";
import { usePreferences } from "../../ui/preferences";
import { Composer } from "./Composer";
import { PendingPermissions } from "./PendingPermissions";
import { ExportMenu } from "./ExportMenu";
import { Origin } from "./Origin";
import { ProviderWait } from "./ProviderWait";
import { Queue } from "./Queue";
import { StartSteps } from "./StartSteps";
import { TranscriptList } from "./TranscriptList";
import { TurnEnd } from "./TurnEnd";
import { Unsent } from "./Unsent";
import classes from "./chat.module.css";

const PATIENCE_MS = 10_000;

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
            {view.older === "none" && <Origin session={session} />}
            {session.status === "pending" && <StartSteps view={view} />}
            {session.status === "pending" && waitsLong(session, view) && <Cause session={session} />}
          </>
        }
        after={
          open ? undefined : (
            <>
              <Cause session={session} />
              <Unsent sessionId={sessionId} prompts={view.prompts} />
            </>
          )
        }
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
            queued={view.openPrompts.some((prompt) => prompt.state === "queued")}
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

/** Whether there is something to tell of a start beside its steps: one that only takes its time explains itself. */
function waitsLong(session: Session, view: LiveView): boolean {
  const code = session.diagnosis?.code ?? "queued";
  if (isStuck(code)) return true;
  const step = view.activity?.step ?? code;
  return step === "queued" && Date.now() - Date.parse(session.created_at) > PATIENCE_MS;
}
