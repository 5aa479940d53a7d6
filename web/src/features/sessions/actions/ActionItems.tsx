import { Menu } from "@mantine/core";
import { IconAdjustments, IconCheck, IconListDetails, IconPlayerPlay, IconPlayerStop, IconRefresh, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Status } from "../status";
import { useSessionActions } from "./useSessionActions";

export interface Actable {
  session_id: string;
  name: string;
  status: Status;
  stop_requested?: unknown;
  deleted_at?: string | null | undefined;
  /** Known of a whole session only: its files were kept. */
  volume_id?: string | null | undefined;
}

/** The items of a session's menu: those of its status alone, and deleting last (S6). */
export function ActionItems({ session, remove, halt }: { session: Actable; remove: () => void; halt: () => void }) {
  const { t } = useTranslation();
  const { complete, again } = useSessionActions(session.session_id, session.name);
  const open = session.status === "pending" || session.status === "running";
  const ending = session.stop_requested != null;
  return (
    <>
      <Menu.Item
        leftSection={<IconListDetails size={16} aria-hidden />}
        renderRoot={(props) => (
          <Link {...props} to="/sessions/$sessionId" params={{ sessionId: session.session_id }} search={{ tab: "details" }} />
        )}
      >
        {t("session.tab.details")}
      </Menu.Item>
      {open && (
        <Menu.Item leftSection={<IconPlayerStop size={16} aria-hidden />} disabled={ending} onClick={halt}>
          {t("action.stop")}
        </Menu.Item>
      )}
      {session.status === "running" && (
        <Menu.Item leftSection={<IconCheck size={16} aria-hidden />} disabled={ending} onClick={() => complete.mutate()}>
          {t("action.complete")}
        </Menu.Item>
      )}
      {!open && (
        <Menu.Item
          leftSection={<IconRefresh size={16} aria-hidden />}
          disabled={again.isPending}
          onClick={() => again.mutate({ resume: false })}
        >
          {t("action.recreate")}
        </Menu.Item>
      )}
      {!open && (
        <Menu.Item
          leftSection={<IconAdjustments size={16} aria-hidden />}
          renderRoot={(props) => <Link {...props} to="/sessions/new" search={{ from: session.session_id }} />}
        >
          {t("action.recreateWith")}
        </Menu.Item>
      )}
      {!open && session.volume_id != null && (
        <Menu.Item
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          disabled={again.isPending}
          onClick={() => again.mutate({ resume: true })}
        >
          {t("action.resume")}
        </Menu.Item>
      )}
      {session.deleted_at == null && (
        <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={remove}>
          {t("action.delete")}
        </Menu.Item>
      )}
    </>
  );
}
