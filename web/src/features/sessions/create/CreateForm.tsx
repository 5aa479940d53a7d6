import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { Page } from "../../../ui/Page";
import { saidOf } from "../../../ui/said";
import { useAttachments } from "../../attachments/useAttachments";
import { showFirstError } from "../../triggers/useTriggerForm";
import { Basics } from "./Basics";
import { dropDraft, loadDraft, loadLast, saveDraft, saveLast } from "./draft";
import { Environment } from "./Environment";
import { FirstMessage } from "./FirstMessage";
import { Folded } from "./Folded";
import { McpServers } from "./McpServers";
import { More } from "./More";
import { fieldErrors } from "./refusals";
import { Resources } from "./Resources";
import { Volume } from "./Volume";
import { bodyOf, EMPTY, problemsOf, type Values } from "./values";

/** The settings that few change, as far as they were. */
function setCount({ agent, model, setupScript, mode, timeoutMinutes }: Values): number {
  return [agent !== "", model !== "", setupScript.trim() !== "", mode !== EMPTY.mode, timeoutMinutes !== EMPTY.timeoutMinutes].filter(Boolean).length;
}

/** The form of a session, as the user's page describes it: what to work on, with how much, and what to say first (S2, S3). */
export function CreateForm({
  began,
  of,
  from,
}: {
  /** What the form begins with. */
  began: Values;
  /** The name of its draft. */
  of: string;
  /** The session whose settings it begins with. */
  from?: string;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const key = useRef(crypto.randomUUID());
  const last = useMemo(() => loadLast(), []);
  const [draft] = useState(() => loadDraft(of));
  const [restored, setRestored] = useState(draft !== undefined);
  const initial = draft ?? began;
  const [servers, setServers] = useState(initial.servers.length > 0);
  const alert = useRef<HTMLDivElement>(null);
  const form = useForm<Values>({
    initialValues: initial,
    validate: (values) => Object.fromEntries(Object.entries(problemsOf(values)).map(([field, words]) => [field, t(words)])),
    validateInputOnBlur: true,
  });
  const sent = useRef(false);
  useEffect(() => {
    if (!sent.current) saveDraft(form.values, began, of);
  }, [form.values, began, of]);
  const attached = useAttachments(undefined);
  const creating = useMutation({
    mutationFn: (values: Values) => {
      const attachments = attached.files.flatMap((file) => file.id ?? []);
      return data(
        api.POST("/api/v1/sessions", {
          // sent again after a cut connection, it is still one session
          params: { header: { "Idempotency-Key": key.current } },
          body: { ...bodyOf(values), ...(attachments.length > 0 ? { attachments } : {}) },
        }),
      );
    },
    onSuccess: async (made, values) => {
      saveLast(values);
      sent.current = true;
      dropDraft(of);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: (error, values) => {
      if (!(error instanceof Problem)) return;
      if (error.status !== 0) key.current = crypto.randomUUID();
      const refused = fieldErrors(error, values);
      form.setErrors(refused);
      // whoever has pressed the button at the end of a long form must see that it did not work, and where
      if (Object.keys(refused).length > 0) showFirstError();
      else requestAnimationFrame(() => alert.current?.scrollIntoView({ block: "center" }));
    },
  });
  const wrong = (...parts: string[]): boolean =>
    Object.keys(form.errors).some((field) => parts.some((part) => field.startsWith(part)));
  const problem = creating.error === null ? undefined : saidOf(creating.error, t);
  const clear = (): void => {
    form.setValues(began);
    form.clearErrors();
    attached.clear();
    setRestored(false);
  };
  const submit = (values: Values): void => {
    if (attached.unsettled) form.setFieldError("message", t("create.filesUnsettled"));
    else if (attached.files.length > 0 && values.message.trim() === "") form.setFieldError("message", t("create.filesNeedMessage"));
    else creating.mutate(values);
  };
  const again = (): void => {
    if (last === undefined) return;
    form.setValues({ ...last, name: form.values.name, message: form.values.message });
    setServers(last.servers.length > 0);
  };
  return (
    <Page
      title={t("create.title")}
      action={
        last === undefined ? undefined : (
          <Button variant="default" onClick={again}>
            {t("create.again")}
          </Button>
        )
      }
    >
      <form onSubmit={form.onSubmit(submit, showFirstError)} noValidate>
        <Stack gap="lg" maw={720}>
          {problem !== undefined && (
            <Alert ref={alert} color="red" title={problem.title} role="alert">
              {Object.keys(form.errors).length > 0 ? t("create.seeFields") : problem.detail}
            </Alert>
          )}
          {from !== undefined && !restored && (
            <Alert color="gray" variant="light">
              {t("create.from", { name: from })}
            </Alert>
          )}
          {restored && (
            <Group gap="xs" role="status">
              <Text size="sm" c="dimmed">
                {t("create.draft")}
              </Text>
              <Button variant="subtle" size="compact-sm" onClick={clear}>
                {t("create.clear")}
              </Button>
            </Group>
          )}
          <Basics form={form} />
          <FirstMessage form={form} attached={attached} />
          <Resources form={form} />
          <Volume form={form} />
          <Folded title={t("create.mcp.title")} count={form.values.servers.length} opened={servers || wrong("servers.")} toggle={() => setServers(!servers)}>
            <McpServers form={form} />
          </Folded>
          <Folded title={t("create.env.title")} count={form.values.env.length} begins={initial.env.length > 0} wrong={wrong("env.")}>
            <Environment form={form} />
          </Folded>
          <Folded title={t("create.more")} count={setCount(form.values)} begins={setCount(initial) > 0} wrong={wrong("agent", "model", "mode", "timeoutMinutes", "setupScript")}>
            <More form={form} />
          </Folded>
          <Group>
            <Button type="submit" size="md" loading={creating.isPending}>
              {t("create.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
