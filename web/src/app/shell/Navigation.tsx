import { Badge, NavLink, Stack } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useNeeded } from "../../ui/pageTitle";
import classes from "./Shell.module.css";

const ITEMS = [
  { to: "/sessions", label: "nav.sessions", icon: IconTerminal2 },
] as const;

function isIn(path: string, section: string): boolean {
  return path === section || path.startsWith(`${section}/`);
}

/** The section that an address belongs to, as a key of its name. */
export function sectionOf(path: string): (typeof ITEMS)[number]["label"] | undefined {
  return ITEMS.find((item) => isIn(path, item.to))?.label;
}

export function Navigation() {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const needed = useNeeded();
  return (
    <Stack gap={4} px={10} component="nav" aria-label={t("shell.navigation")}>
      {ITEMS.map((item) => (
        <NavLink
          key={item.to}
          component={Link}
          to={item.to}
          label={t(item.label)}
          active={isIn(path, item.to)}
          aria-current={isIn(path, item.to) ? "page" : undefined}
          className={classes.item}
          variant="subtle"
          leftSection={<item.icon size={16} stroke={1.6} aria-hidden />}
          rightSection={
            needed > 0 ? (
              <Badge size="sm" variant="light" color="yellow" aria-label={t("shell.needed", { count: needed })}>
                {needed}
              </Badge>
            ) : undefined
          }
        />
      ))}
    </Stack>
  );
}
