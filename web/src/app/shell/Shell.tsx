import { ActionIcon, AppShell, Box, Burger, Group, Kbd, Text, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Brand } from "../../ui/Brand";
import { modKey } from "../../ui/keys";
import { useKeyboard } from "../keyboard/useKeyboard";
import { showOverlay } from "../overlays";
import { sectionOf } from "../sections";
import { Health } from "./Health";
import { Navigation } from "./Navigation";
import { OfflineBar } from "./OfflineBar";
import { Overlays } from "./Overlays";
import { useFocusOnNavigation } from "./useFocusOnNavigation";
import { UserMenu } from "./UserMenu";
import { Watch } from "./Watch";
import classes from "./Shell.module.css";

const PHONE = "(max-width: 47.99em)";

export function Shell() {
  const { t } = useTranslation();
  const [open, { toggle, close }] = useDisclosure(false);
  const phone = useMediaQuery(PHONE) ?? false;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const closer = useRef<HTMLButtonElement>(null);
  const section = sectionOf(path);
  const covered = phone && open;
  useEffect(close, [path, close]);
  useEffect(() => {
    if (covered) closer.current?.focus();
  }, [covered]);
  useHotkeys([["Escape", close]]);
  useKeyboard();
  useFocusOnNavigation(main);
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !open } }}
      layout="alt"
      padding={0}
      transitionDuration={0}
    >
      <a className={classes.skip} href="#content">
        {t("shell.skip")}
      </a>
      <AppShell.Header className={classes.header} inert={covered}>
        <Group h="100%" px="lg" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("shell.menu")} aria-expanded={open} />
            {section !== undefined && (
              <Text fw={600} size="sm" truncate>
                {t(section.label)}
              </Text>
            )}
          </Group>
          <Group gap="xs" wrap="nowrap">
            <FinderButton />
            <SchemeSwitch />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label={t("shell.navigation")} inert={phone && !open}>
        <Group h={56} px="lg" justify="space-between">
          <UnstyledButton component={Link} to="/" aria-label="ccplant">
            <Brand />
          </UnstyledButton>
          <Burger ref={closer} opened={open} onClick={close} hiddenFrom="sm" size="sm" aria-label={t("shell.closeMenu")} />
        </Group>
        <Navigation />
        <Box mt="auto">
          <Health />
        </Box>
      </AppShell.Navbar>
      <AppShell.Main ref={main} className={classes.main} id="content" tabIndex={-1} inert={covered}>
        <OfflineBar />
        <Outlet />
      </AppShell.Main>
      <Watch />
      <Overlays />
    </AppShell>
  );
}

function FinderButton() {
  const { t } = useTranslation();
  const open = (): void => showOverlay("finder");
  return (
    <>
      <UnstyledButton className={classes.finder} visibleFrom="sm" onClick={open}>
        <IconSearch size={16} stroke={1.6} aria-hidden />
        <span>{t("finder.label")}</span>
        <Kbd ml="auto" size="xs" aria-hidden>
          {modKey()} K
        </Kbd>
      </UnstyledButton>
      <ActionIcon hiddenFrom="sm" variant="subtle" color="gray" size={36} aria-label={t("finder.label")} onClick={open}>
        <IconSearch size={18} aria-hidden />
      </ActionIcon>
    </>
  );
}

function SchemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const label = scheme === "dark" ? t("shell.light") : t("shell.dark");
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={label}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
      >
        {scheme === "dark" ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
