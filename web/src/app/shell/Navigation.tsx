import { Badge, NavLink, Stack } from "@mantine/core";
import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useNeeded } from "../../ui/pageTitle";
import { isIn, SECTIONS } from "../sections";
import classes from "./Shell.module.css";

export function Navigation() {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Stack gap={4} px={10}>
      {SECTIONS.map((section) => (
        <NavLink
          key={section.to}
          component={Link}
          to={section.to as string}
          label={t(section.label)}
          active={isIn(path, section.to)}
          aria-current={isIn(path, section.to) ? "page" : undefined}
          className={classes.item}
          variant="subtle"
          leftSection={<section.icon size={16} stroke={1.6} aria-hidden />}
          rightSection={section.to === "/" ? <Needed /> : undefined}
        />
      ))}
    </Stack>
  );
}

/** How much waits for a person, wherever that person is in the product. */
function Needed() {
  const { t } = useTranslation();
  const needed = useNeeded();
  if (needed === 0) return null;
  return (
    <Badge size="sm" variant="light" color="yellow" aria-label={t("shell.needed", { count: needed })}>
      {needed}
    </Badge>
  );
}
