import { Alert, Button, Collapse, Group, Select, SegmentedControl, Slider, Stack, Switch, Text, Textarea, TextInput, NumberInput, UnstyledButton } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { Page } from "../../../ui/Page";
import { saidOf } from "../../../ui/said";
import { bodyOf, EMPTY, fieldErrors, loadDraft, PRESETS, presetOf, saveDraft, type Values } from "./values";

/** A new session, as the user's page describes it: what to work on, with how much, and what to say first (S2, S3). */
export function CreateSession() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [more, folding] = useDisclosure(false);
  const key = useRef(crypto.randomUUID());
  const form = useForm<Values>({
    initialValues: loadDraft(),
    validate: {
      name: (value) => (value.length > 200 ? t("create.tooLong") : null),
      branch: (value, values) => (value.trim() !== "" && values.repository.trim() === "" ? t("create.branchAlone") : null),
      volumeGib: (value) => (Number(value) >= 1 ? null : t("create.volumeSize")),
    },
  });
  useEffect(() => saveDraft(form.values), [form.values]);
  const creating = useMutation({
    mutationFn: (values: Values) =>
      data(
        api.POST("/api/v1/sessions", {
          params: { header: { "Idempotency-Key": key.current } },
          body: bodyOf(values),
        }),
      ),
    onSuccess: async (made) => {
      saveDraft(EMPTY);
      await queries.invalidateQueries({ queryKey: ["sessions"] });
      await navigate({ to: "/sessions/$sessionId", params: { sessionId: made.session_id } });
    },
    onError: (error) => {
      key.current = crypto.randomUUID();
      if (error instanceof Problem) form.setErrors(fieldErrors(error));
    },
  });
  const values = form.values;
  const problem = creating.error === null ? undefined : saidOf(creating.error, t);
  return (
    <Page title={t("create.title")}>
      <form onSubmit={form.onSubmit((submitted) => creating.mutate(submitted))} noValidate>
        <Stack gap="lg" maw={720}>
          {problem !== undefined && (
            <Alert color="red" title={problem.title} role="alert">
              {problem.detail}
            </Alert>
          )}
          <TextInput label={t("create.name")} description={t("create.nameHelp")} {...form.getInputProps("name")} />
          <Group grow align="flex-start">
            <TextInput
              label={t("create.repository")}
              placeholder="owner/name"
              inputMode="url"
              {...form.getInputProps("repository")}
            />
            <TextInput label={t("create.branch")} placeholder={t("create.branchDefault")} {...form.getInputProps("branch")} />
          </Group>
          <Textarea
            label={t("create.message")}
            description={t("create.messageHelp")}
            autosize
            minRows={3}
            maxRows={12}
            {...form.getInputProps("message")}
          />
          <Stack gap="sm">
            <Text size="sm" fw={500} id="size">
              {t("create.size")}
            </Text>
            <SegmentedControl
              aria-labelledby="size"
              value={presetOf(values.cpu, values.memory)}
              onChange={(preset) => {
                const found = PRESETS.find((each) => each.name === preset);
                if (found !== undefined) form.setValues({ cpu: found.cpu, memory: found.memory });
              }}
              data={[
                ...PRESETS.map((each) => ({ value: each.name, label: t(`create.preset.${each.name}`) })),
                { value: "own", label: t("create.preset.own"), disabled: true },
              ]}
            />
            <Group grow>
              <div>
                <Text size="xs" c="dimmed">
                  CPU: {values.cpu}
                </Text>
                <Slider
                  thumbLabel="CPU"
                  min={1}
                  max={4}
                  step={1}
                  marks={[1, 2, 3, 4].map((value) => ({ value }))}
                  label={null}
                  value={values.cpu}
                  onChange={(value) => form.setFieldValue("cpu", value)}
                />
              </div>
              <div>
                <Text size="xs" c="dimmed">
                  {t("sessions.memory")}: {values.memory}
                  {"\u00a0"}GiB
                </Text>
                <Slider
                  thumbLabel={t("sessions.memory")}
                  min={2}
                  max={8}
                  step={1}
                  marks={[2, 4, 6, 8].map((value) => ({ value }))}
                  label={null}
                  value={values.memory}
                  onChange={(value) => form.setFieldValue("memory", value)}
                />
              </div>
            </Group>
          </Stack>
          <UnstyledButton onClick={folding.toggle} aria-expanded={more}>
            <Group gap={6}>
              <IconChevronDown size={16} aria-hidden style={{ transform: more ? "rotate(180deg)" : undefined }} />
              <Text size="sm" fw={500}>
                {t("create.more")}
              </Text>
            </Group>
          </UnstyledButton>
          <Collapse expanded={more}>
            <Stack gap="md">
              <Group align="flex-start">
                <NumberInput
                  label={t("create.timeout")}
                  description={t("create.timeoutHelp")}
                  min={0}
                  max={43_200}
                  allowDecimal={false}
                  {...form.getInputProps("timeoutMinutes")}
                />
                <Select
                  label={t("create.mode")}
                  allowDeselect={false}
                  data={[
                    { value: "interactive", label: t("create.modeInteractive") },
                    { value: "task", label: t("create.modeTask") },
                  ]}
                  {...form.getInputProps("mode")}
                />
              </Group>
              <Switch
                label={t("create.volume")}
                description={t("create.volumeHelp")}
                {...form.getInputProps("volume", { type: "checkbox" })}
              />
              {values.volume && (
                <Group align="flex-end">
                  <NumberInput label={t("create.volumeGib")} min={1} max={1_000} {...form.getInputProps("volumeGib")} />
                  <Switch label={t("create.keep")} {...form.getInputProps("keep", { type: "checkbox" })} />
                </Group>
              )}
              <Textarea
                label={t("create.setup")}
                description={t("create.setupHelp")}
                autosize
                minRows={2}
                maxRows={12}
                styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
                {...form.getInputProps("setupScript")}
              />
            </Stack>
          </Collapse>
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
