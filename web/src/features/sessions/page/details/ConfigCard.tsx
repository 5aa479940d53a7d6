import { Code } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { quantity } from "../../../../ui/format";
import { Card } from "./Card";
import { Copied, Facts } from "./Facts";
import classes from "./details.module.css";

/** What it was created with; values of secrets are nowhere in it. */
export function ConfigCard({ session, memory }: { session: Session; memory: string }) {
  const { t } = useTranslation();
  const { config } = session;
  const names = Object.keys(config.env ?? {});
  const agent = [session.agent?.name ?? config.agent, session.agent?.version].filter((word) => word != null).join(" ");
  const size = quantity(config.pvc_storage_size);
  return (
    <Card title={t("detail.config")}>
      <Facts
        facts={[
          [t("detail.repository"), session.repository == null ? null : <Copied key="r" value={session.repository} label={t("detail.repository")} />],
          [t("detail.branch"), session.branch],
          [t("sessions.cpu"), t("detail.cores", { count: Number(config.cpu_limit) || session.resources.cpu_limit })],
          [t("sessions.memory"), memory],
          [
            t("detail.storage"),
            config.pvc_enabled
              ? `${t("detail.volume", { size })} · ${t(config.pvc_retain ? "detail.kept" : "detail.notKept")}`
              : t("detail.noStorage"),
          ],
          ["Volume ID", session.volume_id == null ? null : <Copied key="v" value={session.volume_id} label="Volume ID" />],
          [t("session.agent"), agent],
          [t("detail.model"), config.model],
          [t("detail.mode"), t(`detail.mode_${session.mode}`)],
          [t("detail.image"), config.image == null ? null : <Code key="image" className={classes.code}>{config.image}</Code>],
          [t("detail.env"), names.length === 0 ? null : <Code key="env" className={classes.code}>{names.join(", ")}</Code>],
          [
            t("detail.setup"),
            config.setup_script == null ? null : <pre key="setup" className={classes.script} tabIndex={0}>{config.setup_script}</pre>,
          ],
        ]}
      />
    </Card>
  );
}
