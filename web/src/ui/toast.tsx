import { Code, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck, IconInfoCircle } from "@tabler/icons-react";

import { Problem } from "../api/problem";
import { i18n } from "../i18n";
import { saidOf } from "./said";

/** Tells that something did not work, with what the server's log knows it by. */
export function toastProblem(error: unknown): void {
  const said = saidOf(error, i18n.t);
  const request = error instanceof Problem ? error.requestId : undefined;
  notifications.show({
    color: "red",
    icon: <IconAlertTriangle size={16} aria-hidden />,
    title: said.title,
    message: (
      <>
        {said.detail}
        {request !== undefined && (
          <Text size="xs" c="dimmed" mt={4}>
            {i18n.t("problem.requestId")} <Code fz={11}>{request}</Code>
          </Text>
        )}
      </>
    ),
    // the same failure again is the same toast, not a pile of them
    id: `problem:${said.title}:${said.detail}`,
    closeButtonProps: { "aria-label": i18n.t("action.close") },
    autoClose: 12_000,
  });
}

/** Tells what happened by itself, and what has become of what somebody was doing. */
export function toastInfo(message: string): void {
  notifications.show({ color: "blue", icon: <IconInfoCircle size={16} aria-hidden />, message, closeButtonProps: { "aria-label": i18n.t("action.close") }, autoClose: 12_000 });
}

export function toastDone(message: string): void {
  notifications.show({ color: "leaf", icon: <IconCheck size={16} aria-hidden />, message, closeButtonProps: { "aria-label": i18n.t("action.close") }, autoClose: 4_000 });
}
