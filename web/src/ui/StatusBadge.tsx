import { useTranslation } from "react-i18next";

import type { Status } from "../features/sessions/status";
import classes from "./ui.module.css";

/** 準備中 yellow, 実行中 green, 完了 blue, 失敗 red, 終了 grey: a dot and a word, never a colour alone. */
export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation();
  return (
    <span className={classes.badge} data-state={status}>
      <span className={classes.badgeDot} aria-hidden />
      {t(`status.${status}`)}
    </span>
  );
}
