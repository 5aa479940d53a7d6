import { Collapse, Group, Text, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useId, type ReactNode } from "react";

import classes from "./triggers.module.css";

/** A part of a form: its name, and a word on it at the right. */
export function Section({ title, hint, action, children }: { title: string; hint?: string; action?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <Group justify="space-between" gap="xs" mb="sm">
        <Title order={2} id={id} className={classes.sectionTitle}>
          {title}
        </Title>
        {hint !== undefined && (
          <Text size="xs" c="dimmed">
            {hint}
          </Text>
        )}
        {action}
      </Group>
      {children}
    </section>
  );
}

/** A part that most leave as it is: closed, it says in one line how it is; what is wrong in it opens it. */
export function FoldedSection({
  title,
  summary,
  open = false,
  wrong = false,
  children,
}: {
  title: string;
  summary: string;
  open?: boolean;
  wrong?: boolean;
  children: ReactNode;
}) {
  const [chosen, { toggle }] = useDisclosure(open);
  const opened = chosen || wrong;
  return (
    <section className={classes.section}>
      <Title order={2} className={classes.sectionTitle}>
        <UnstyledButton onClick={toggle} aria-expanded={opened} w="100%" className={classes.fold}>
          <span>{title}</span>
          {!opened && <span className={classes.summary}>{summary}</span>}
          <IconChevronDown size={16} aria-hidden style={{ marginLeft: "auto", transform: opened ? "rotate(180deg)" : undefined }} />
        </UnstyledButton>
      </Title>
      <Collapse expanded={opened}>
        <div className={classes.folded}>{children}</div>
      </Collapse>
    </section>
  );
}
