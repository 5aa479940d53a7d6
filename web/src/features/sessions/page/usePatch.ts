import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, type Schemas } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";

/** Changes what of a session can be changed while it is there: its name and its time limit. */
export function usePatch(sessionId: string) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["PatchSession"]) =>
      api.PATCH("/api/v1/sessions/{session_id}", { params: { path: { session_id: sessionId } }, body }),
    onSuccess: () => toastDone(t("detail.saved")),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions", "list"] }),
  });
}
