import { Alert, Button, Group, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { Page } from "../../../ui/Page";
import { saidOf } from "../../../ui/said";
import { useAttachments } from "../../attachments/useAttachments";
import { Basics } from "./Basics";
import { loadDraft, loadLast, saveDraft, saveLast } from "./draft";
import { Environment } from "./Environment";
import { FirstMessage } from "./FirstMessage";
import { Folded } from "./Folded";
import { McpServers } from "./McpServers";
import { More } from "./More";
import { fieldErrors } from "./refusals";
import { Resources } from "./Resources";
import { Volume } from "./Volume";
import { bodyOf, EMPTY, problemsOf, type Values } from "./values";

const route = getRouteApi("/shell/sessions/new");

/** A new session, as the user's page describes it: what to work on, with how much, and what to say first (S2, S3). */
export function CreateSession() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { volume } = route.useSearch();
  const key = useRef(crypto.randomUUID());
  const last = useMemo(() => loadLast(), []);
  const initial = useMemo(
    () => (volume === undefined ? loadDraft() : { ...loadDraft(), volume: true, volumeFrom: volume }),
    [volume],
  );
  const [servers, setServers] = useState(initial.servers.length > 0);
  const form = useForm<Values>({
    initialValues: initial,
    validate: (values) => Object.fromEntries(Object.entries(problemsOf(values)).map(([field, words]) => [field, t(words)])),
    validateInputOnBlur: true,
  });
  useEffect(() => saveDraft(form.values), [form.values]);
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
      saveDraft(EMPTY);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: (error, values) => {
      if (!(error instanceof Problem)) return;
      if (error.status !== 0) key.current = crypto.randomUUID();
      form.setErrors(fieldErrors(error, values));
    },
  });
  const wrong = (...parts: string[]): boolean =>
    Object.keys(form.errors).some((field) => parts.some((part) => field.startsWith(part)));
  const problem = creating.error === null ? undefined : saidOf(creating.error, t);
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
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack gap="lg" maw={720}>
          {problem !== undefined && (
            <Alert color="red" title={problem.title} role="alert">
              {problem.detail}
            </Alert>
          )}
          <Basics form={form} />
          <FirstMessage form={form} attached={attached} />
          <Resources form={form} />
          <Volume form={form} />
          <Folded title={t("create.mcp.title")} count={form.values.servers.length} opened={servers || wrong("servers.")} toggle={() => setServers(!servers)}>
            <McpServers form={form} />
          </Folded>
          <Folded title={t("create.env.title")} count={form.values.env.length} wrong={wrong("env.")}>
            <Environment form={form} />
          </Folded>
          <Folded title={t("create.more")} count={0} wrong={wrong("agent", "model", "mode", "timeoutMinutes", "setupScript")}>
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
