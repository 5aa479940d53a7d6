import { ActionIcon, Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { ActionItems } from "../actions/ActionItems";
import { DeleteDialog } from "../actions/DeleteDialog";
import { StopDialog } from "../actions/StopDialog";
import type { SessionSummary } from "../queries";

/** What can be done about a session in its status: the foremost by one press, the others by two (S6). */
export function RowActions({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const [deleting, dialog] = useDisclosure(false);
  const [stopping, question] = useDisclosure(false);
  const first = t(session.status === "failed" ? "detail.seeCause" : session.ended_at == null ? "action.open" : "history.link");
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`${first}: ${session.name}`}
        renderRoot={(props) => (
          <Link {...props} to="/sessions/$sessionId" params={{ sessionId: session.session_id }} />
        )}
      >
        {first}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`${t("action.more")}: ${session.name}`}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <ActionItems session={session} remove={dialog.open} halt={question.open} />
        </Menu.Dropdown>
      </Menu>
      {stopping && <StopDialog session={session} close={question.close} />}
      {deleting && <DeleteDialog session={session} close={dialog.close} />}
    </>
  );
}
