import { Button, CopyButton, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Prompt } from "../../api/events/frames";
import classes from "./chat.module.css";
import { unsentDraft } from "./draft";

/** What no agent has read when a session ended: messages that waited, and the one that was being written. */
export function Unsent({ sessionId, prompts }: { sessionId: string; prompts: ReadonlyMap<string, Prompt> }) {
  const { t } = useTranslation();
  const [draft] = useState(() => unsentDraft(sessionId));
  const waited = [...prompts.values()]
    .filter((prompt) => prompt.state === "undelivered")
    .sort((one, other) => one.number - other.number)
    .map((prompt) => prompt.text);
  return (
    <>
      {waited.length > 0 && <Texts title={t("chat.undelivered")} texts={waited} />}
      {draft.trim() !== "" && <Texts title={t("chat.unsent")} texts={[draft]} />}
    </>
  );
}

function Texts({ title, texts }: { title: string; texts: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <section className={`card ${classes.unsent}`} aria-label={title}>
      <div className={classes.unsentHead}>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <CopyButton value={texts.join("\n\n")}>
          {({ copied, copy }) => (
            <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy}>
              {t(copied ? "action.copied" : "action.copy")}
            </Button>
          )}
        </CopyButton>
      </div>
      {texts.map((text, index) => (
        <p key={index} className={classes.unsentText}>
          {text}
        </p>
      ))}
    </section>
  );
}
