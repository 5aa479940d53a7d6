import { ActionIcon, Button, Group, Text, Textarea } from "@mantine/core";
import { IconPaperclip, IconPencil, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import type { Prompt } from "../../api/events/frames";
import { usePreferences } from "../../ui/preferences";
import { toastInfo, toastProblem } from "../../ui/toast";
import { addToDraft } from "./draft";
import { sends } from "./sendKey";
import classes from "./chat.module.css";

/** Messages that wait until the agent has time: changed or taken back as long as they wait (C2). */
export const Queue = memo(function Queue({ sessionId, prompts }: { sessionId: string; prompts: readonly Prompt[] }) {
  const { t } = useTranslation();
  const waiting = prompts.filter((prompt) => prompt.state === "queued");
  if (waiting.length === 0) return null;
  return (
    <ol className={classes.queue} aria-label={t("chat.queue")}>
      {waiting.map((prompt) => (
        <Waiting key={prompt.prompt_id} sessionId={sessionId} prompt={prompt} />
      ))}
    </ol>
  );
});

function Waiting({ sessionId, prompt }: { sessionId: string; prompt: Prompt }) {
  const { t } = useTranslation();
  const [text, setText] = useState<string>();
  const [{ sendWith }] = usePreferences();
  // what is being edited may be sent at any moment: then what was written goes where it can be sent from
  const unsaved = useRef<string>(undefined);
  useEffect(() => {
    unsaved.current = text === undefined || text.trim() === "" || text === prompt.text ? undefined : text;
  }, [text, prompt.text]);
  useEffect(
    () => () => {
      if (unsaved.current === undefined) return;
      addToDraft(sessionId, unsaved.current);
      toastInfo(t("chat.sentMeanwhile"));
    },
    [sessionId, t],
  );
  const params = { path: { session_id: sessionId, prompt_id: prompt.prompt_id } };
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/sessions/{session_id}/messages/{prompt_id}", { params }),
    onError: toastProblem,
  });
  const change = useMutation({
    mutationFn: (changed: string) =>
      api.PATCH("/api/v1/sessions/{session_id}/messages/{prompt_id}", { params, body: { text: changed } }),
    onSuccess: () => {
      unsaved.current = undefined;
      setText(undefined);
    },
    onError: toastProblem,
  });
  const save = (): void => {
    if (text !== undefined && text.trim() !== "") change.mutate(text.trim());
  };
  if (text !== undefined) {
    return (
      <li className={classes.queued}>
        <form
          style={{ flex: 1 }}
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <Textarea
            aria-label={t("chat.editQueued")}
            autosize
            minRows={1}
            maxRows={8}
            data-autofocus
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              const { key, keyCode, shiftKey, ctrlKey, metaKey, altKey, nativeEvent } = event;
              if (key === "Escape") setText(undefined);
              if (!sends({ key, keyCode, shiftKey, ctrlKey, metaKey, altKey, isComposing: nativeEvent.isComposing }, sendWith)) return;
              event.preventDefault();
              save();
            }}
          />
          <Group gap="xs" mt={6}>
            <Button size="compact-sm" type="submit" disabled={text.trim() === ""} loading={change.isPending}>
              {t("chat.keep")}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => setText(undefined)}>
              {t("action.cancel")}
            </Button>
          </Group>
        </form>
      </li>
    );
  }
  return (
    <li className={classes.queued}>
      <Text span size="xs" c="dimmed">
        {t("chat.queued")}
      </Text>
      <span className={classes.queuedText}>{prompt.text}</span>
      {prompt.attachments.length > 0 && (
        <Text span size="xs" c="dimmed" className="numbers">
          <IconPaperclip size={12} aria-hidden /> {prompt.attachments.length}
        </Text>
      )}
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={t("chat.editQueued")} onClick={() => setText(prompt.text)}>
        <IconPencil size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={24}
        loading={remove.isPending}
        aria-label={t("chat.remove")}
        onClick={() => remove.mutate()}
      >
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </li>
  );
}
