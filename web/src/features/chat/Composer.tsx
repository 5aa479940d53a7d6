import { ActionIcon, Button, Group, Kbd, Text, Textarea } from "@mantine/core";
import { IconArrowUp, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import type { LiveSession, LiveView } from "../../api/events/live";
import { toastProblem } from "../../ui/toast";
import classes from "./chat.module.css";
import { useDraft } from "./draft";

const COMPOSING = 229;

/** Where people write: Enter sends, Shift+Enter breaks the line, and neither while a Japanese word is being chosen. */
export function Composer({ sessionId, view }: { sessionId: string; live: LiveSession; view: LiveView }) {
  const { t } = useTranslation();
  const [text, setText] = useDraft(sessionId);
  /** One key for one text: sent twice, because an answer was lost, it is one message all the same. */
  const key = useRef<{ text: string; key: string }>(undefined);
  const params = { path: { session_id: sessionId } };
  const sending = useMutation({
    mutationFn: async (message: string) => {
      if (key.current?.text !== message) key.current = { text: message, key: crypto.randomUUID() };
      await api.POST("/api/v1/sessions/{session_id}/messages", {
        params: { ...params, header: { "Idempotency-Key": key.current.key } },
        body: { text: message },
      });
    },
    onSuccess: (_, message) => {
      key.current = undefined;
      setText("");
      void message;
    },
    onError: toastProblem,
  });
  const cancel = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/cancel", { params, body: {} }),
    onError: toastProblem,
  });
  const message = text.trim();
  const send = (): void => {
    if (message !== "" && !sending.isPending) sending.mutate(message);
  };
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== "Enter" || event.shiftKey) return;
    if (event.nativeEvent.isComposing || event.keyCode === COMPOSING) return;
    event.preventDefault();
    send();
  };
  const working = view.openPrompts.some((prompt) => prompt.state !== "queued");
  return (
    <div>
      <div className={classes.composer}>
        <Textarea
          flex={1}
          variant="unstyled"
          px={8}
          autosize
          minRows={1}
          maxRows={10}
          aria-label={t("chat.message")}
          placeholder={t(view.session?.status === "pending" ? "chat.placeholderPending" : "chat.placeholder")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={pressed}
        />
        <ActionIcon
          size={32}
          variant="filled"
          disabled={message === ""}
          loading={sending.isPending}
          aria-label={t("chat.send")}
          onClick={send}
        >
          <IconArrowUp size={18} aria-hidden />
        </ActionIcon>
      </div>
      <Group justify="space-between" mt={6} px={4} mih={26}>
        <Text size="xs" c="dimmed" visibleFrom="sm">
          <Kbd size="xs">Enter</Kbd> {t("chat.send")} · <Kbd size="xs">Shift+Enter</Kbd> {t("chat.newline")}
        </Text>
        {working && (
          <Button
            size="compact-sm"
            variant="default"
            ml="auto"
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
          >
            {t("chat.stop")}
          </Button>
        )}
      </Group>
    </div>
  );
}
