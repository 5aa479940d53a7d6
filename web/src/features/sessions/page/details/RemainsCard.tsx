import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Session } from "../../../../api/events/frames";
import { Card } from "./Card";
import { Facts } from "./Facts";

/** What is left of an ended session: its files, and what was said in it. */
export function RemainsCard({ session }: { session: Session }) {
  const { t } = useTranslation();
  const params = { sessionId: session.session_id };
  return (
    <Card title={t("ended.remains")}>
      <Facts
        facts={[
          [
            t("ended.files"),
            session.volume_id == null ? (
              <Text key="none" span size="sm" c="dimmed">
                {t("ended.noFiles")}
              </Text>
            ) : (
              <Anchor key="kept" size="sm" renderRoot={(props) => <Link {...props} to="/volumes" />}>
                {t("ended.kept")}
              </Anchor>
            ),
          ],
          [
            t("ended.said"),
            <Anchor key="said" size="sm" renderRoot={(props) => <Link {...props} to="/sessions/$sessionId" params={params} />}>
              {t("ended.read")}
            </Anchor>,
          ],
          [
            t("session.tab.timeline"),
            <Anchor key="past" size="sm" renderRoot={(props) => <Link {...props} to="/sessions/$sessionId" params={params} search={{ tab: "timeline" }} />}>
              {t("ended.past")}
            </Anchor>,
          ],
        ]}
      />
    </Card>
  );
}
