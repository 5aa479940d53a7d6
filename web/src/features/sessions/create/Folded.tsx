import { Badge, Collapse, Group, Text, UnstyledButton } from "@mantine/core";
import { useId } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

/** What few need, folded away; how much is in it is told outside. */
export function Folded({
  title,
  count,
  opened,
  toggle,
  begins = false,
  wrong = false,
  children,
}: {
  title: string;
  count: number;
  opened?: boolean;
  toggle?: () => void;
  /** Whether it is open at first: something is in it already. */
  begins?: boolean;
  /** Something in it is to be mended: it stays open. */
  wrong?: boolean;
  children: ReactNode;
}) {
  const [own, setOwn] = useState(begins);
  const id = useId();
  const open = (opened ?? own) || wrong;
  return (
    <div>
      <UnstyledButton onClick={toggle ?? (() => setOwn(!own))} aria-expanded={open} aria-controls={id}>
        <Group gap={6}>
          <IconChevronDown size={16} aria-hidden style={{ transform: open ? "rotate(180deg)" : undefined }} />
          <Text size="sm" fw={500}>
            {title}
          </Text>
          {count > 0 && (
            <Badge size="sm" variant="light" color="gray">
              {count}
            </Badge>
          )}
        </Group>
      </UnstyledButton>
      <Collapse expanded={open} id={id}>
        <div style={{ paddingTop: 12 }}>{children}</div>
      </Collapse>
    </div>
  );
}
