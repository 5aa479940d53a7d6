import { Group, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

/** A part of the dashboard: its name, how many there are, and a word at the right. */
export function Section({
  title,
  count,
  aside,
  children,
}: {
  title: string;
  count?: number | undefined;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <Group justify="space-between" mb="sm" wrap="nowrap" gap="md">
        <Group gap={8} wrap="nowrap">
          <Title order={2} id={id} fz={14}>
            {title}
          </Title>
          {count !== undefined && (
            <Text size="sm" c="dimmed" className="numbers">
              {count}
            </Text>
          )}
        </Group>
        {aside !== undefined && (
          <Text size="xs" c="dimmed" component="div" ta="right">
            {aside}
          </Text>
        )}
      </Group>
      {children}
    </section>
  );
}
