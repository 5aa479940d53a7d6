import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";
import type { SessionSummary } from "../queries";

const OPEN = new Set(["pending", "running"]);

/** What can be done about a session in its status (S6). */
export function RowActions({ session }: { session: SessionSummary }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () =>
      api.POST("/api/v1/sessions/{session_id}/stop", { params: { path: { session_id: session.session_id } } }),
    onSuccess: () => toastDone(t("sessions.stopped", { name: session.name })),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`${t("action.open")}: ${session.name}`}
        renderRoot={(props) => (
          <Link {...props} to="/sessions/$sessionId" params={{ sessionId: session.session_id }} />
        )}
      >
        {t("action.open")}
      </Button>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`${t("action.more")}: ${session.name}`}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            disabled={!OPEN.has(session.status) || session.stop_requested != null}
            onClick={() => stop.mutate()}
          >
            {t("action.stop")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
