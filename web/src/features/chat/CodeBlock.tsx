import { ActionIcon, Button, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import classes from "./chat.module.css";
import type { HighlightedLine } from "./highlight";

const FOLDED_LINES = 24;
const MOST_HIGHLIGHTED = 40_000;
const SETTLED_MS = 250;

/** Code: its language, copied by a click, long ones folded, in colours once it is not being written any more. */
export function CodeBlock({ code, name }: { code: string; name: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const lines = code.split("\n");
  const folded = !whole && lines.length > FOLDED_LINES;
  const shown = folded ? lines.slice(0, FOLDED_LINES) : lines;
  const coloured = useHighlighted(code, name);
  return (
    <figure className={classes.code}>
      <figcaption className={classes.codeHead}>
        <span>{name === "" ? t("chat.code") : name}</span>
        <CopyButton value={code}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t("action.copied") : t("action.copy")}>
              <ActionIcon variant="subtle" color="gray" size={24} aria-label={t("action.copy")} onClick={copy}>
                {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </figcaption>
      <pre tabIndex={0} aria-label={name === "" ? t("chat.code") : name}>
        <code>
          {coloured === undefined
            ? shown.join("\n")
            : coloured.slice(0, shown.length).map((line, index) => (
                <span key={index}>
                  {line.map((token, place) => (
                    <span key={place} style={token.style}>
                      {token.text}
                    </span>
                  ))}
                  {index < shown.length - 1 ? "\n" : ""}
                </span>
              ))}
        </code>
      </pre>
      {lines.length > FOLDED_LINES && (
        <Button variant="subtle" size="compact-sm" fullWidth onClick={() => setWhole(!whole)}>
          {folded ? t("chat.showLines", { count: lines.length }) : t("chat.fold")}
        </Button>
      )}
    </figure>
  );
}

/** The code in colours; undefined as long as it is written, where its language is none that is known, or it is too long. */
function useHighlighted(code: string, name: string): HighlightedLine[] | undefined {
  const [found, setFound] = useState<{ code: string; lines: HighlightedLine[] }>();
  useEffect(() => {
    if (name === "" || code.length > MOST_HIGHLIGHTED) return;
    let gone = false;
    const timer = setTimeout(() => {
      void import("./highlight")
        .then(({ highlight }) => highlight(code, name))
        .then((lines) => {
          if (!gone && lines !== undefined) setFound({ code, lines });
        })
        // without colours it is still the code
        .catch(() => undefined);
    }, SETTLED_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [code, name]);
  return found?.code === code ? found.lines : undefined;
}
