import { Group, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { usePageTitle } from "../../ui/pageTitle";
import classes from "./triggers.module.css";

/** The head of a screen that belongs to a list: the way back, its name, its state, and what can be done. */
export function Head({
  back,
  title,
  beside,
  children,
}: {
  back: { link: LinkProps; label: string };
  title: string;
  beside?: ReactNode;
  children?: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div>
      <Link {...back.link} className={classes.back}>
        <IconArrowLeft size={14} aria-hidden />
        {back.label}
      </Link>
      <Group justify="space-between" gap="sm">
        <Group gap="md" miw={0} maw="100%">
          <Title order={1} className={classes.title}>
            {title}
          </Title>
          {beside}
        </Group>
        {children !== undefined && <Group gap="sm">{children}</Group>}
      </Group>
    </div>
  );
}
