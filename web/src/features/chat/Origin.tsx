import { Anchor, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Session } from "../../api/events/frames";
import classes from "./chat.module.css";

/** Where a session comes from that was made out of another: what was said there is not said again here. */
export function Origin({ session }: { session: Session }) {
  const { t } = useTranslation();
  const before = session.recreated_from;
  if (before == null) return null;
  return (
    <div className={classes.origin}>
      <IconHistory size={16} aria-hidden />
      <Text span size="sm" c="dimmed">
        {t(session.resumed ? "chat.resumedFrom" : "chat.recreatedFrom")}
      </Text>
      <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/sessions/$sessionId" params={{ sessionId: before }} />}>
        {t("chat.before")}
      </Anchor>
    </div>
  );
}
