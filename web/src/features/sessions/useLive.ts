import { useEffect, useState, useSyncExternalStore } from "react";

import { LiveSession, type LiveView } from "../../api/events/live";

/** A session as it is now, for as long as the screen that asks is there. */
export function useLive(sessionId: string): { live: LiveSession; view: LiveView } {
  const [live, setLive] = useState(() => new LiveSession(sessionId));
  useEffect(() => {
    const session = new LiveSession(sessionId);
    setLive(session);
    session.start();
    return () => session.close();
  }, [sessionId]);
  return { live, view: useSyncExternalStore(live.subscribe, live.view) };
}
