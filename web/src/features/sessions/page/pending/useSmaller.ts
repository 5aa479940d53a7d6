import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../../api/client";
import type { AttachmentRef } from "../../../../api/events/frames";
import { Problem } from "../../../../api/problem";
import { toastDone, toastProblem } from "../../../../ui/toast";
import { upload } from "../../../attachments/uploads";
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
      for (const { text, attachments } of waiting) {
        const files = await carried(sessionId, made.session_id, attachments);
        await api.POST("/api/v1/sessions/{session_id}/messages", {
          params: { path: { session_id: made.session_id }, header: { "Idempotency-Key": crypto.randomUUID() } },
          body: { text, ...(files.length > 0 ? { attachments: files } : {}) },
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

/** Files belong to their session: the new one is given its own. One after the other, for they are held in memory. */
async function carried(from: string, to: string, files: readonly AttachmentRef[]): Promise<string[]> {
  const given: string[] = [];
  for (const { attachment_id, name, media_type } of files) {
    const content = await data(
      api.GET("/api/v1/sessions/{session_id}/attachments/{attachment_id}", {
        params: { path: { session_id: from, attachment_id } },
        parseAs: "blob",
      }),
    );
    const made = await upload(to, new File([content as Blob], name, { type: media_type })).done;
    given.push(made.attachment_id);
  }
  return given;
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
