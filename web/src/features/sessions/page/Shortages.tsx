import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { quantity } from "../../../ui/format";
import type { Shortage } from "./evidence";
import classes from "./page.module.css";

/** What is short, one line each: what is needed, what there is on each node that may be used, what is missing. */
export function Shortages({ shortages }: { shortages: readonly Shortage[] }) {
  const { t } = useTranslation();
  if (shortages.length === 0) return null;
  return (
    <ul className={classes.shortages} aria-label={t("detail.shortages")}>
      {shortages.map((each) => (
        <li key={each.resource}>
          <Text size="sm" fw={600}>
            {t(`sessions.${each.resource}`, { defaultValue: each.resource })}
          </Text>
          <Bars shortage={each} />
          <Text size="sm" c="dimmed" className="numbers">
            {[
              each.requested && t("detail.requested", { amount: quantity(each.requested) }),
              each.there && t("detail.mostFree", { amount: quantity(each.there) }),
              each.nodes > 0 && t("detail.shortNodes", { count: each.nodes }),
              each.missing && t("detail.missing", { amount: quantity(each.missing) }),
            ]
              .filter(Boolean)
              .join(" · ")}
          </Text>
        </li>
      ))}
    </ul>
  );
}

/** A bar is as long as what is needed: grey is there, hatched is missing. One for each node where they are known. */
function Bars({ shortage: { share, rooms, requested } }: { shortage: Shortage }) {
  const { t } = useTranslation();
  if (rooms.length === 0) return <Bar share={share} />;
  return (
    <ul className={classes.rooms} aria-label={t("detail.rooms")}>
      {rooms.map(({ there, share: own }, index) => (
        <li key={index}>
          <Bar share={own} />
          <Text size="xs" c="dimmed" className="numbers" title={t("detail.room", { there: quantity(there), requested: quantity(requested) })}>
            {quantity(there)}
          </Text>
        </li>
      ))}
    </ul>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <div className={classes.bar} aria-hidden>
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}
