import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./triggers.module.css";

export function Copy({ value, label }: { value: string; label: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value} timeout={2_000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("action.copied") : t("action.copy")}>
          <ActionIcon variant="subtle" color="gray" aria-label={`${t("action.copy")}: ${label}`} onClick={copy}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** Something to be entered elsewhere, exactly as it is. */
export function Copyable({ value, label }: { value: string; label: string }) {
  return (
    <div className={classes.copyable}>
      <input readOnly aria-label={label} value={value} onFocus={(event) => event.currentTarget.select()} />
      <Copy value={value} label={label} />
    </div>
  );
}
