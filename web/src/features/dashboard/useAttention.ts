import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { attention, type Attention } from "./attention";
import { diagnosisOf, latestDispatches, permissionsOf, sessionsIn } from "./queries";
import { useSeen } from "./seen";

/** So many sessions are asked for what they wait for; whoever has more is told the number of those. */
const MOST_ASKED = 20;
/** A start that takes no longer is not looked into. */
const PATIENCE_MS = 10_000;
const FAILURES = 20;

export interface AttentionNow {
  items: readonly Attention[];
  /** Whether everything was asked for once: before, an empty list means nothing. */
  known: boolean;
}

/** What waits for a person, kept true also while the page is in the background: title and icon tell of it. */
export function useAttention(): AttentionNow {
  const behind = { refetchIntervalInBackground: true } as const;
  const running = useQuery({ ...sessionsIn("running"), ...behind });
  const pending = useQuery({ ...sessionsIn("pending"), ...behind });
  const failed = useQuery({ ...sessionsIn("failed", FAILURES), ...behind });
  const dispatches = useQuery(latestDispatches);
  const asking = [...(running.data?.sessions ?? []), ...(pending.data?.sessions ?? [])]
    .filter((session) => (session.pending_permissions ?? 0) > 0)
    .slice(0, MOST_ASKED);
  // also an answer that says the same as the last one is a new look at the clock
  const now = pending.dataUpdatedAt;
  const slow = (pending.data?.sessions ?? [])
    .filter((session) => now - Date.parse(session.created_at) > PATIENCE_MS)
    .slice(0, MOST_ASKED);
  const permissions = useQueries({
    queries: asking.map((session) => permissionsOf(session.session_id)),
    combine: (results) => results.map((result) => result.data),
  });
  const diagnoses = useQueries({
    queries: slow.map((session) => diagnosisOf(session.session_id)),
    combine: (results) => results.map((result) => result.data),
  });
  const seen = useSeen();
  const items = useMemo(
    () =>
      attention(
        {
          running: running.data?.sessions ?? [],
          pending: pending.data?.sessions ?? [],
          failed: failed.data?.sessions ?? [],
          dispatches: dispatches.data?.dispatches ?? [],
          permissions: new Map(asking.map((session, at) => [session.session_id, permissions[at]?.permissions ?? []])),
          diagnoses: new Map(slow.map((session, at) => [session.session_id, diagnoses[at] ?? null])),
          seen,
        },
        now,
      ),
    // `asking` and `slow` follow from the lists
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [running.data, pending.data, failed.data, dispatches.data, permissions, diagnoses, seen, now],
  );
  return { items, known: running.isSuccess && pending.isSuccess && failed.isSuccess };
}
