import { ActionIcon, Code, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./details.module.css";

export type Fact = readonly [name: string, value: ReactNode];

/** Names and what they are; what there is nothing of is left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) =>
        value === null || value === undefined || value === "" ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}

/** An identifier to be taken elsewhere. */
export function Copied({ value, label }: { value: string; label: string }) {
  const { t } = useTranslation();
  return (
    <span className={classes.copied}>
      <Code className={classes.code}>{value}</Code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t("action.copied") : t("action.copy")}>
            <ActionIcon variant="subtle" color="gray" size={24} onClick={copy} aria-label={`${t("action.copy")}: ${label}`}>
              {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}
