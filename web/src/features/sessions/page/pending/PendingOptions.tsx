import { Button, CopyButton, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowDownCircle, IconCopy, IconHourglass, IconPlayerStop, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { useSessionActions } from "../../actions/useSessionActions";
import type { Shortage } from "../evidence";
import { smallerOf } from "./options";
import classes from "./pending.module.css";
import { StopAnother } from "./StopAnother";
import { useSmaller } from "./useSmaller";

/** What can be done about a session that does not start; the likeliest help is the one primary. */
export function PendingOptions({ session, shortages, copied }: { session: Session; shortages: readonly Shortage[]; copied: string }) {
  const { t } = useTranslation();
  const [choosing, choice] = useDisclosure(false);
  const smaller = smallerOf(session.diagnosis?.code ?? "", session.config, shortages);
  const shrink = useSmaller(session.session_id);
  const { stop } = useSessionActions(session.session_id, session.name);
  const ending = session.stop_requested != null || shrink.isPending;
  const room = shortages.length > 0;
  return (
    <div className={classes.options} role="group" aria-label={t("pending.options")}>
      {smaller !== undefined && (
        <Option icon={<IconArrowDownCircle size={18} aria-hidden />} title={t(`pending.smaller.${smaller.resource}`, { size: smaller.size })} effect={t("pending.smallerHelp")}>
          <Button loading={shrink.isPending} disabled={stop.isPending} onClick={() => shrink.mutate(smaller)}>
            {t("pending.smallerDo")}
          </Button>
        </Option>
      )}
      {room && (
        <Option icon={<IconPlayerStop size={18} aria-hidden />} title={t("pending.stop")} effect={t("pending.stopHelp")}>
          <Button variant={smaller === undefined ? "filled" : "default"} disabled={ending} onClick={choice.open}>
            {t("pending.choose")}
          </Button>
        </Option>
      )}
      <Option icon={<IconHourglass size={18} aria-hidden />} title={t("pending.wait")} effect={t("pending.waitHelp")}>
        <CopyButton value={copied}>
          {({ copied: done, copy }) => (
            <Button variant="subtle" color="gray" leftSection={<IconCopy size={14} aria-hidden />} onClick={copy}>
              {t(done ? "action.copied" : "detail.copyDiagnosis")}
            </Button>
          )}
        </CopyButton>
      </Option>
      <Option icon={<IconX size={18} aria-hidden />} title={t("pending.cancel")} effect={t("pending.cancelHelp")}>
        <Button variant={smaller === undefined && !room ? "filled" : "default"} disabled={ending} loading={stop.isPending} onClick={() => stop.mutate()}>
          {t("pending.cancelDo")}
        </Button>
      </Option>
      {choosing && <StopAnother close={choice.close} />}
    </div>
  );
}

function Option({ icon, title, effect, children }: { icon: ReactNode; title: string; effect: string; children: ReactNode }) {
  return (
    <div className={classes.option}>
      <span className={classes.icon}>{icon}</span>
      <div className={classes.words}>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Text size="xs" c="dimmed" className="prose">
          {effect}
        </Text>
      </div>
      {children}
    </div>
  );
}
