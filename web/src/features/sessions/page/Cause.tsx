import { Badge, Button, Group, Text } from "@mantine/core";
import { IconAlertCircle, IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import type { Session } from "../../../api/events/frames";
import { inLanguage } from "../../../i18n";
import { toastProblem } from "../../../ui/toast";
import classes from "./page.module.css";

const ICONS = { completed: IconCircleCheck, failed: IconAlertCircle } as const;

/** Why it does not start, or why it ended: the sentence, the code, the evidence, and what to do (D1, D2). */
export function Cause({ session }: { session: Session }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const ended = session.ended_at != null;
  const again = useMutation({
    mutationFn: (resume: boolean) =>
      data(
        api.POST("/api/v1/sessions/{session_id}/recreate", {
          params: { path: { session_id: session.session_id } },
          body: { resume },
        }),
      ),
    onSuccess: (made) => navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } }),
    onError: toastProblem,
  });
  const { diagnosis } = session;
  if (diagnosis == null) return null;
  const Icon = session.status in ICONS ? ICONS[session.status as keyof typeof ICONS] : IconAlertTriangle;
  const log = logOf(diagnosis.evidence);
  return (
    <section className={classes.cause} data-state={session.status} aria-label={t("session.cause")}>
      <div className={classes.causeHead}>
        <Icon size={20} aria-hidden />
        <div>
          <div className={`${classes.causeTitle} prose`}>{inLanguage(diagnosis.message)}</div>
          <Badge variant="outline" color="gray" size="sm" tt="none" mt={6}>
            {diagnosis.code}
          </Badge>
        </div>
      </div>
      <div className={classes.causeBody}>
        <Text size="sm" className="prose">
          {inLanguage(diagnosis.hint)}
        </Text>
        {log.length > 0 && <pre className={classes.log} tabIndex={0} aria-label={t("session.cause")}>{log.join("\n")}</pre>}
        {ended && (
          <Group mt="md" gap="sm">
            <Button loading={again.isPending} onClick={() => again.mutate(false)}>
              {t("action.recreate")}
            </Button>
            {session.volume_id != null && (
              <Button variant="default" loading={again.isPending} onClick={() => again.mutate(true)}>
                {t("action.resume")}
              </Button>
            )}
          </Group>
        )}
      </div>
    </section>
  );
}

function logOf(evidence: Record<string, unknown> | undefined): string[] {
  const lines = evidence?.["log"] ?? evidence?.["log_tail"];
  return Array.isArray(lines) ? lines.filter((line): line is string => typeof line === "string") : [];
}
