import { Button, Center, Code, Group, Stack, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Problem } from "../api/problem";
import { saidOf } from "./said";

/** What a screen shows that could not be loaded: why, what to do, and what to tell whoever runs the server. */
export function Failure({ error, retry, action, whole = false }: { error: unknown; retry?: () => void; action?: ReactNode; whole?: boolean }) {
  const { t } = useTranslation();
  const said = saidOf(error, t);
  return (
    <Center p="xl" role="alert">
      <Stack gap="sm" align="center" maw={480} ta="center">
        <Title order={whole ? 1 : 2} size="h2">
          {said.title}
        </Title>
        <Text c="dimmed">{said.detail}</Text>
        {error instanceof Problem && error.requestId !== undefined && (
          <Text size="xs" c="dimmed">
            {t("problem.requestId")} <Code>{error.requestId}</Code>
          </Text>
        )}
        {(retry !== undefined || action !== undefined) && (
          <Group justify="center">
            {action}
            {retry !== undefined && (
              <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={retry}>
                {t("action.retry")}
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Center>
  );
}
