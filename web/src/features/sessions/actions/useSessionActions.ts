import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data, type Schemas } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";
import { failureKey } from "../../dashboard/attention";
import { markSeen } from "../../dashboard/seen";

export interface Again {
  resume: boolean;
  config?: Partial<Schemas["SessionConfig"]>;
}

/** What can be asked for a session, from wherever it is shown: one wording, one handling of refusals (S6, S13, S14). */
export function useSessionActions(sessionId: string, name: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { session_id: sessionId } };
  const settled = (): Promise<void> => queries.invalidateQueries({ queryKey: ["sessions"] });
  const stop = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/stop", { params }),
    onSuccess: () => toastDone(t("sessions.stopped", { name })),
    onError: toastProblem,
    onSettled: settled,
  });
  const complete = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/complete", { params }),
    onSuccess: () => toastDone(t("detail.completing", { name })),
    onError: toastProblem,
    onSettled: settled,
  });
  const again = useMutation({
    mutationFn: ({ resume, config }: Again) =>
      data(
        api.POST("/api/v1/sessions/{session_id}/recreate", {
          params,
          body: { resume, ...(config === undefined ? {} : { config }) },
        }),
      ),
    onSuccess: async (made, { resume }) => {
      markSeen(failureKey(sessionId));
      toastDone(t(resume ? "detail.resumed" : "detail.recreated", { name: made.name }));
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: toastProblem,
    onSettled: settled,
  });
  return { stop, complete, again };
}
