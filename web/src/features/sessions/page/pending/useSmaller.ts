import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../../api/client";
import { Problem } from "../../../../api/problem";
import { toastDone, toastProblem } from "../../../../ui/toast";
import type { Smaller } from "./options";

const LOOKS = 30;
const LOOK_MS = 1_000;

/** Ends a session that does not start, creates it again with less, and gives the new one what waits to be said. */
export function useSmaller(sessionId: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { session_id: sessionId } };
  return useMutation({
    mutationFn: async ({ config }: Smaller) => {
      const before = await data(api.GET("/api/v1/sessions/{session_id}", { params }));
      const { prompts } = await data(api.GET("/api/v1/sessions/{session_id}/messages", { params }));
      await api.POST("/api/v1/sessions/{session_id}/stop", { params });
      await ended(sessionId);
      const made = await data(
        api.POST("/api/v1/sessions/{session_id}/recreate", { params, body: { resume: false, config } }),
      );
      // a task takes its message along by itself
      const waiting = before.mode === "task" ? [] : (prompts ?? []).filter((each) => each.state === "queued");
      for (const { text } of waiting) {
        await api.POST("/api/v1/sessions/{session_id}/messages", {
          params: { path: { session_id: made.session_id }, header: { "Idempotency-Key": crypto.randomUUID() } },
          body: { text },
        });
      }
      return made;
    },
    onSuccess: async (made) => {
      toastDone(t("detail.recreated", { name: made.name }));
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
}

async function ended(sessionId: string): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const now = await data(
      api.GET("/api/v1/sessions/{session_id}", { params: { path: { session_id: sessionId } } }),
    );
    if (now.ended_at != null) return;
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  throw new Problem({ code: "UNAVAILABLE", message: "The session is still ending.", status: 503 });
}
