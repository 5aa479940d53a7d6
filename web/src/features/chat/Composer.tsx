import { ActionIcon, Button, Group, Kbd, Text, Textarea } from "@mantine/core";
import { IconArrowUp, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import { usePreferences } from "../../ui/preferences";
import { toastProblem } from "../../ui/toast";
import { AttachButton } from "../attachments/AttachButton";
import { AttachedFiles } from "../attachments/AttachedFiles";
import { useAttachments } from "../attachments/useAttachments";
import { useFileDrop } from "../attachments/useFileDrop";
import { useDraft } from "./draft";
import { ExportMenu } from "./ExportMenu";
import { answered, keyOf } from "./sending";
import { sends } from "./sendKey";
import classes from "./chat.module.css";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Where people write, with files beside it; what is sent twice because an answer was lost is one message all the same. */
export const Composer = memo(function Composer({
  sessionId,
  pending,
  working,
  queued,
}: {
  sessionId: string;
  /** Whether the session does not run yet. */
  pending: boolean;
  /** Whether a turn is under way. */
  working: boolean;
  /** Whether messages wait for its end. */
  queued: boolean;
}) {
  const { t } = useTranslation();
  const [{ sendWith }] = usePreferences();
  const [text, setText] = useDraft(sessionId);
  const attached = useAttachments(sessionId);
  const drop = useFileDrop(attached.add);
  const params = { path: { session_id: sessionId } };
  const sending = useMutation({
    mutationFn: async (message: { text: string; attachments: string[] }) => {
      await api.POST("/api/v1/sessions/{session_id}/messages", {
        params: { ...params, header: { "Idempotency-Key": keyOf(sessionId, message) } },
        body: { text: message.text, ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}) },
      });
    },
    onSuccess: () => {
      answered(sessionId);
      setText("");
      attached.clear();
    },
    onError: toastProblem,
  });
  const cancel = useMutation({
    mutationFn: () => api.POST("/api/v1/sessions/{session_id}/cancel", { params, body: {} }),
    onError: toastProblem,
  });
  const message = text.trim();
  const ready = message !== "" && !attached.unsettled && !sending.isPending;
  const send = (): void => {
    if (!ready) return;
    sending.mutate({ text: message, attachments: attached.files.flatMap((file) => file.id ?? []) });
  };
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const { key: name, keyCode, shiftKey, ctrlKey, metaKey, altKey, nativeEvent } = event;
    if (!sends({ key: name, keyCode, shiftKey, ctrlKey, metaKey, altKey, isComposing: nativeEvent.isComposing }, sendWith)) return;
    event.preventDefault();
    send();
  };
  const mod = MAC ? "⌘" : "Ctrl";
  return (
    <div>
      <AttachedFiles files={attached.files} remove={attached.remove} />
      <div {...drop.onto} className={`${classes.composer} ${drop.onto.className}`}>
        <AttachButton add={attached.add} />
        <Textarea
          flex={1}
          variant="unstyled"
          px={4}
          autosize
          minRows={1}
          maxRows={10}
          aria-label={t("chat.message")}
          placeholder={t(pending ? "chat.placeholderPending" : "chat.placeholder")}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={pressed}
          onPaste={drop.onPaste}
        />
        <ActionIcon
          size={32}
          variant="filled"
          disabled={!ready && !sending.isPending}
          loading={sending.isPending}
          aria-label={t("chat.send")}
          onClick={send}
        >
          <IconArrowUp size={18} aria-hidden />
        </ActionIcon>
      </div>
      <Group justify="space-between" mt={6} px={4} mih={28}>
        <Group gap={6}>
          <ExportMenu sessionId={sessionId} />
          <Text size="xs" c="dimmed" visibleFrom="sm">
            {sendWith === "enter" ? (
              <>
                <Kbd size="xs">Enter</Kbd> {t("chat.send")} · <Kbd size="xs">Shift+Enter</Kbd> {t("chat.newline")}
              </>
            ) : (
              <>
                <Kbd size="xs">{mod}+Enter</Kbd> {t("chat.send")} · <Kbd size="xs">Enter</Kbd> {t("chat.newline")}
              </>
            )}
          </Text>
        </Group>
        {working && (
          <Button
            size="compact-sm"
            variant="default"
            ml="auto"
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            loading={cancel.isPending}
            title={queued ? t("chat.stopNextHelp") : undefined}
            onClick={() => cancel.mutate()}
          >
            {t(queued ? "chat.stopNext" : "chat.stop")}
          </Button>
        )}
      </Group>
    </div>
  );
});
