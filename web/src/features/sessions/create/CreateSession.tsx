import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { Failure } from "../../../ui/Failure";
import { Page } from "../../../ui/Page";
import { sessionQuery } from "../queries";
import { valuesOfSession } from "./copied";
import { CreateForm } from "./CreateForm";
import { EMPTY } from "./values";

const route = getRouteApi("/shell/sessions/new");

/** A new session: from nothing, on a volume that was kept, or out of an earlier one with other settings. */
export function CreateSession() {
  const { volume, from } = route.useSearch();
  const onVolume = useMemo(() => ({ ...EMPTY, volume: true, volumeFrom: volume ?? "" }), [volume]);
  if (from !== undefined) return <CreateFrom key={from} sessionId={from} />;
  if (volume === undefined) return <CreateForm key="" began={EMPTY} of="" />;
  return <CreateForm key={volume} began={onVolume} of={`volume.${volume}`} />;
}

function CreateFrom({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const found = useQuery({
    queryKey: ["sessions", "to-copy", sessionId],
    // what is being changed is not changed under somebody's hands
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal, client }) => {
      const session = await client.fetchQuery(sessionQuery(sessionId));
      return { name: session.name, values: valuesOfSession(session, await firstMessage(sessionId, signal)) };
    },
  });
  if (found.isError) {
    return (
      <Page title={t("create.title")}>
        <Failure error={found.error} retry={() => void found.refetch()} />
      </Page>
    );
  }
  if (found.data === undefined) return <Page title={t("create.title")}>{null}</Page>;
  return <CreateForm began={found.data.values} of={`from.${sessionId}`} from={found.data.name} />;
}

/** What was said first, whether an agent has read it or not. */
async function firstMessage(sessionId: string, signal: AbortSignal): Promise<string> {
  const path = { session_id: sessionId };
  const { messages } = await data(api.GET("/api/v1/sessions/{session_id}/messages", { signal, params: { path, query: { limit: 20 } } }));
  const said = messages.find((each) => each.type === "message" && each.role === "user");
  if (said?.type === "message") return said.text;
  // where nothing was said, the whole conversation is short
  const written = await data(api.GET("/api/v1/sessions/{session_id}/export", { signal, params: { path, query: { format: "json" } } }));
  return typeof written === "string" ? "" : (written.undelivered[0]?.text ?? "");
}
