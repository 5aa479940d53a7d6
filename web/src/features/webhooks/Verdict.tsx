import { Text, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck, IconChevronDown, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "../../api/client";
import { inLanguage } from "../../i18n";
import { bytes } from "../../ui/format";
import { Copy } from "../triggers/Copyable";
import { OutcomeBadge } from "../triggers/OutcomeBadge";
import triggers from "../triggers/triggers.module.css";
import classes from "./webhooks.module.css";

interface Props {
  outcome: string;
  sentence: { ja?: string; en?: string } | undefined;
  filters: readonly Schemas["FilterVerdict"][];
  message: string | undefined;
  reuseKey?: string | undefined;
  payload: unknown;
  /** Nothing has happened: it is said what would. */
  dry?: boolean;
}

/** The verdict first, then what every filter said, then the message, then what it was made from. */
export function Verdict({ outcome, sentence, filters, message, reuseKey, payload, dry = false }: Props) {
  const { t } = useTranslation();
  return (
    <>
      {dry && (
        <div className={triggers.section}>
          <div className={classes.verdict}>
            <OutcomeBadge outcome={outcome} would />
            <Text fw={600}>{t(`webhooks.try.${outcome}`)}</Text>
          </div>
          <Text size="sm" className="prose" mt={4}>
            {inLanguage(sentence)}
          </Text>
        </div>
      )}
      {filters.length > 0 && <Filters filters={filters} />}
      {reuseKey !== undefined && (
        <div className={triggers.section}>
          <Title order={3} mb={6}>
            {t("triggers.reuse.keyLabel")}
          </Title>
          <code className={triggers.mono}>{reuseKey}</code>
        </div>
      )}
      {message !== undefined && (
        <div className={triggers.section}>
          <div className={classes.sectionHead}>
            <Title order={3}>{t(dry ? "webhooks.wouldSend" : "webhooks.sent")}</Title>
            <Copy value={message} label={t("webhooks.sent")} />
          </div>
          <pre className={triggers.message} tabIndex={0} aria-label={t("webhooks.sent")}>
            {message}
          </pre>
        </div>
      )}
      {payload != null && <Payload payload={payload} />}
    </>
  );
}

function Filters({ filters }: { filters: readonly Schemas["FilterVerdict"][] }) {
  const { t } = useTranslation();
  return (
    <div className={triggers.section} data-flush>
      <Title order={3} mb={6}>
        {t("webhooks.filters")}
      </Title>
      <ul className={classes.filters}>
        {filters.map((each) => (
          <li key={each.filter} data-passed={each.passed}>
            {each.passed ? <IconCheck size={16} role="img" aria-label={t("webhooks.passed")} /> : <IconX size={16} role="img" aria-label={t("webhooks.refused")} />}
            <span className={classes.filterName}>{t(`webhooks.filterName.${each.filter}`, { defaultValue: each.filter })}</span>
            <span className={classes.filterSays}>
              {each.passed && each.wanted.length === 0 && each.found.length > 0 ? each.found.join(", ") : inLanguage(each.message)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Payload({ payload }: { payload: unknown }) {
  const { t } = useTranslation();
  const [opened, { toggle }] = useDisclosure(false);
  const text = typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
  return (
    <div className={triggers.section}>
      <div className={classes.sectionHead}>
        <UnstyledButton onClick={toggle} aria-expanded={opened} className={triggers.fold}>
          <IconChevronDown size={16} aria-hidden style={{ transform: opened ? undefined : "rotate(-90deg)" }} />
          {t("webhooks.payload")}
          <Text span size="xs" c="dimmed" className="numbers">
            {bytes(new TextEncoder().encode(text).length)}
          </Text>
        </UnstyledButton>
        <Copy value={text} label={t("webhooks.payload")} />
      </div>
      {opened && (
        <pre className={triggers.json} tabIndex={0} aria-label={t("webhooks.payload")}>
          {text}
        </pre>
      )}
    </div>
  );
}
