import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import type { Prompt } from "../../api/events/frames";
import { toastProblem } from "../../ui/toast";
import classes from "./chat.module.css";

/** Messages that wait until the agent has time (C2). */
export function Queue({ sessionId, prompts }: { sessionId: string; prompts: readonly Prompt[] }) {
  const { t } = useTranslation();
  const remove = useMutation({
    mutationFn: (promptId: string) =>
      api.DELETE("/api/v1/sessions/{session_id}/messages/{prompt_id}", {
        params: { path: { session_id: sessionId, prompt_id: promptId } },
      }),
    onError: toastProblem,
  });
  return prompts
    .filter((prompt) => prompt.state === "queued")
    .map((prompt) => (
      <div key={prompt.prompt_id} className={classes.queued}>
        <Text span size="xs" c="dimmed">
          {t("chat.queued")}
        </Text>
        <span className={classes.queuedText}>{prompt.text}</span>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={t("chat.remove")}
          onClick={() => remove.mutate(prompt.prompt_id)}
        >
          <IconX size={14} aria-hidden />
        </ActionIcon>
      </div>
    ));
}
