import { Group, Text } from "@mantine/core";
import { IconPlant2 } from "@tabler/icons-react";

export function Brand() {
  return (
    <Group gap={8} c="var(--cc-accent)" wrap="nowrap">
      <IconPlant2 size={20} aria-hidden />
      <Text fw={600} size="md" lh={1}>
        ccplant
      </Text>
    </Group>
  );
}
