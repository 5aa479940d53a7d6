import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { toastProblem } from "../../../ui/toast";
import type { Webhook } from "../values";
import { SetUp } from "./SetUp";

const GRACES = ["0", "10", "60", "1440", "10080"];

/** Makes another secret; the old one is good for a while, so that nothing is refused until GitHub has the new one. */
export function RotateDialog({ webhook, opened, close }: { webhook: Webhook; opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [grace, setGrace] = useState("60");
  const key = useRef(crypto.randomUUID());
  const rotate = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/webhooks/{webhook_id}/rotate-secret", {
          params: { path: { webhook_id: webhook.webhook_id }, header: { "Idempotency-Key": key.current } },
          body: { grace_minutes: Number(grace) },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
    onError: toastProblem,
    onSettled: () => {
      key.current = crypto.randomUUID();
    },
  });
  const done = (): void => {
    close();
    rotate.reset();
  };
  return (
    <Modal
      opened={opened}
      onClose={done}
      title={t(rotate.isSuccess ? "webhooks.rotated" : "webhooks.rotate")}
      size="lg"
      closeOnClickOutside={!rotate.isSuccess}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {rotate.isSuccess ? (
        <>
          <SetUp webhook={webhook} secret={rotate.data.secret} />
          <Group justify="flex-end">
            <Button onClick={done}>{t("action.close")}</Button>
          </Group>
        </>
      ) : (
        <Stack gap="md">
          <Text size="sm" className="prose">
            {t("webhooks.rotateHelp")}
          </Text>
          <Select
            label={t("webhooks.grace")}
            allowDeselect={false}
            value={grace}
            data={GRACES.map((minutes) => ({ value: minutes, label: t(`webhooks.graces.${minutes}`) }))}
            onChange={(value) => setGrace(value ?? "60")}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={done}>
              {t("action.cancel")}
            </Button>
            <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
              {t("webhooks.rotate")}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
