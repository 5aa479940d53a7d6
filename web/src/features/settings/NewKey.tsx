import { Alert, Button, CopyButton, Group, Modal, Stack, TextInput } from "@mantine/core";
import { IconCheck, IconCopy, IconInfoCircle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { Problem } from "../../api/problem";
import { toastProblem } from "../../ui/toast";

const LONGEST = 200;

/** Makes a key and shows it this once: it is gone from the page, and from its memory, when the dialog closes. */
export function NewKey({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const making = useMutation({
    mutationFn: () => data(api.POST("/api/v1/api-keys", { body: { name: name.trim(), role: "user" } })),
    gcTime: 0,
    onError: (error) => {
      if (!(error instanceof Problem && error.code === "INVALID_REQUEST")) toastProblem(error);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
  });
  const leave = (): void => {
    close();
    setName("");
    making.reset();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() !== "") making.mutate();
  };
  const made = making.data;
  const wrong = making.error instanceof Problem && making.error.code === "INVALID_REQUEST" ? making.error.message : undefined;
  return (
    <Modal opened={opened} onClose={leave} title={t(made === undefined ? "settings.keys.create" : "settings.keys.made")} closeOnClickOutside={made === undefined} closeButtonProps={{ "aria-label": t("action.close") }}>
      {made === undefined ? (
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label={t("settings.keys.name")}
              description={t("settings.keys.nameHelp")}
              value={name}
              maxLength={LONGEST}
              onChange={(event) => setName(event.currentTarget.value)}
              error={wrong}
              autoComplete="off"
              data-autofocus
              required
            />
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={leave}>
                {t("action.cancel")}
              </Button>
              <Button type="submit" loading={making.isPending} disabled={name.trim() === ""}>
                {t("settings.keys.create")}
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack gap="md">
          <Alert icon={<IconInfoCircle size={18} aria-hidden />} color="yellow" variant="light">
            {t("settings.keys.once")}
          </Alert>
          <TextInput label={t("settings.keys.token")} value={made.token} readOnly ff="monospace" onFocus={(event) => event.currentTarget.select()} />
          <Group justify="flex-end" gap="sm">
            <CopyButton value={made.token}>
              {({ copied, copy }) => (
                <Button
                  leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                  onClick={copy}
                >
                  {t(copied ? "action.copied" : "action.copy")}
                </Button>
              )}
            </CopyButton>
            <Button variant="default" onClick={leave}>
              {t("action.close")}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
