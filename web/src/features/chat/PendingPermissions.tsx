import { Button, Group, Text } from "@mantine/core";
import { IconShieldQuestion } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Permission } from "../../api/events/frames";
import { countdown } from "../../ui/format";
import { toastProblem } from "../../ui/toast";
import classes from "./chat.module.css";

const ORDER = ["allow_once", "reject_once", "allow_always", "reject_always"];

/** What the agent asks, docked above the composer: answered once, from whichever tab, and never by a bare Enter. */
export const PendingPermissions = memo(function PendingPermissions({
  sessionId,
  permissions,
}: {
  sessionId: string;
  permissions: ReadonlyMap<string, Permission>;
}) {
  const waiting = [...permissions.values()].filter((each) => each.state === "pending");
  return waiting.map((permission) => (
    <Card key={permission.permission_id} sessionId={sessionId} permission={permission} />
  ));
});

function Card({ sessionId, permission }: { sessionId: string; permission: Permission }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const answer = useMutation({
    mutationFn: (option: string) =>
      api.POST("/api/v1/sessions/{session_id}/permissions/{permission_id}", {
        params: { path: { session_id: sessionId, permission_id: permission.permission_id } },
        body: { option },
      }),
    onError: (error) => {
      // somebody else was faster: the next frame shows what they said
      if (!(error instanceof Problem && error.code === "CONFLICT")) toastProblem(error);
    },
  });
  const input = inputOf(permission.tool);
  const options = [...permission.options].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const left = permission.expires_at == null ? undefined : (Date.parse(permission.expires_at) - now) / 1000;
  return (
    <section className={classes.permission} aria-label={t("chat.permission")}>
      <Group gap={8} wrap="nowrap" align="flex-start">
        <IconShieldQuestion size={18} aria-hidden />
        <Text fw={600} size="sm">
          {permission.title}
        </Text>
        {left !== undefined && (
          <Text size="xs" c="dimmed" ml="auto" className="numbers" style={{ whiteSpace: "nowrap" }}>
            {t("chat.rejectedIn", { time: countdown(left) })}
          </Text>
        )}
      </Group>
      {input !== undefined && <pre className={classes.command}>{input}</pre>}
      <Group gap="sm">
        {options.map((option) => (
          <Button
            key={option.option_id}
            variant={option.kind === "allow_once" ? "filled" : option.kind.startsWith("reject") ? "default" : "subtle"}
            color={option.kind.startsWith("reject") ? "red" : "leaf"}
            disabled={answer.isPending || answer.isSuccess}
            onClick={() => answer.mutate(option.option_id)}
          >
            {t(`chat.option.${option.kind}`)}
          </Button>
        ))}
      </Group>
    </section>
  );
}

function inputOf(tool: Record<string, unknown> | undefined): string | undefined {
  const input = tool?.["input"];
  if (typeof input !== "object" || input === null) return undefined;
  const command = (input as Record<string, unknown>)["command"];
  return typeof command === "string" ? command : JSON.stringify(input, null, 2);
}
