import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { ToolContent } from "../../api/events/frames";
import { unreachable, problemOf } from "../../api/problem";
import { bytes } from "../../ui/format";
import { saidOf } from "../../ui/said";
import classes from "./chat.module.css";
import { linesOfDiff } from "./lines";
import tools from "./tools.module.css";

const MOST_SHOWN = 200_000;

/** What a tool said: text as it is, an edit as lines that went and came, and what is big when somebody asks for it. */
export function ToolOutput({ sessionId, content }: { sessionId: string; content: ToolContent }) {
  const { t } = useTranslation();
  if (content.kind === "diff") return <Edit content={content} />;
  return (
    <>
      {content.text != null && content.text !== "" && (
        <pre className={classes.output} tabIndex={0} aria-label={t("chat.output")}>
          {content.text}
        </pre>
      )}
      {content.blob_id == null ? (
        content.truncated === true && (
          <Text size="xs" c="dimmed">
            {t("chat.cut")}
          </Text>
        )
      ) : (
        <Whole sessionId={sessionId} blobId={content.blob_id} size={content.size ?? undefined} />
      )}
    </>
  );
}

function Edit({ content }: { content: ToolContent }) {
  const { t } = useTranslation();
  return (
    <div className={classes.edit}>
      <Text size="xs" c="dimmed" ff="monospace">
        {content.path}
      </Text>
      <pre className={classes.output} tabIndex={0} aria-label={t("chat.edit", { path: content.path ?? "" })}>
        {linesOfDiff(content.old_text ?? "", content.new_text ?? "").map((line, index) => (
          <span key={index} className={line.mark === "@" ? tools.left : classes.diffLine} data-mark={line.mark}>
            {line.mark === "@" ? `⋯ ${t("chat.unchanged", { count: Number(line.text) })}\n` : `${line.mark} ${line.text}\n`}
          </span>
        ))}
      </pre>
    </div>
  );
}

/** The whole of what was too big for the stream. */
function Whole({ sessionId, blobId, size }: { sessionId: string; blobId: string; size: number | undefined }) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(false);
  const address = `/api/v1/sessions/${encodeURIComponent(sessionId)}/blobs/${encodeURIComponent(blobId)}`;
  const whole = useQuery({
    queryKey: ["sessions", "blob", sessionId, blobId],
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      let response: Response;
      try {
        response = await fetch(address, { signal, credentials: "same-origin" });
      } catch (error) {
        throw unreachable(error);
      }
      if (!response.ok) throw problemOf(response, await response.json().catch(() => undefined));
      return response.text();
    },
  });
  if (whole.data !== undefined) {
    return (
      <>
        <pre className={classes.output} tabIndex={0} aria-label={t("chat.output")}>
          {whole.data.slice(0, MOST_SHOWN)}
        </pre>
        {whole.data.length > MOST_SHOWN && (
          <a href={address} download>
            {t("chat.downloadWhole")}
          </a>
        )}
      </>
    );
  }
  return (
    <>
      {whole.isError && (
        <Text size="xs" c="var(--cc-failed)" role="alert">
          {saidOf(whole.error, t).detail}
        </Text>
      )}
      <Button variant="subtle" size="compact-sm" loading={wanted && whole.isFetching} onClick={() => (wanted ? void whole.refetch() : setWanted(true))}>
        {size === undefined ? t("chat.showWhole") : t("chat.showWholeOf", { size: bytes(size) })}
      </Button>
    </>
  );
}
