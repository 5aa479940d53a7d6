import { Center, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** An empty state teaches the first step. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Center p="xl" mih={220}>
      <Stack align="center" gap="sm" maw={440} ta="center">
        <Title order={2}>{title}</Title>
        {children !== undefined && <Text c="dimmed">{children}</Text>}
        {action}
      </Stack>
    </Center>
  );
}
