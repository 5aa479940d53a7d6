import { ActionIcon, AppShell, Avatar, Box, Burger, Group, Menu, Text, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { Link, Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { signedIn, signOut } from "../../features/auth/session";
import { Brand } from "../../ui/Brand";
import { Health } from "./Health";
import { LanguageSwitch } from "./LanguageSwitch";
import { sectionOf } from "../sections";
import { Navigation } from "./Navigation";
import { OfflineBar } from "./OfflineBar";
import classes from "./Shell.module.css";

export function Shell() {
  const { t } = useTranslation();
  const [open, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(close, [path, close]);
  const section = sectionOf(path);
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
      <AppShell.Header className={classes.header}>
        <Group h="100%" px="lg" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t("shell.menu")} />
            {section !== undefined && (
              <Text fw={600} size="sm" truncate>
                {t(section.label)}
              </Text>
            )}
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeSwitch />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label={t("shell.navigation")}>
        <Group h={56} px="lg" justify="space-between">
          <UnstyledButton component={Link} to="/" aria-label="ccplant">
            <Brand />
          </UnstyledButton>
          <Burger opened={open} onClick={close} hiddenFrom="sm" size="sm" aria-label={t("shell.closeMenu")} />
        </Group>
        <Navigation />
        <Box mt="auto">
          <Health />
        </Box>
      </AppShell.Navbar>
      <AppShell.Main className={classes.main} id="content" tabIndex={-1}>
        <OfflineBar />
        <Outlet />
      </AppShell.Main>
    </AppShell>
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

function UserMenu() {
  const { t } = useTranslation();
  const router = useRouter();
  const { user_id: user } = signedIn();
  const leave = async (): Promise<void> => {
    await signOut();
    await router.navigate({ to: "/sign-in" });
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <UnstyledButton aria-label={t("shell.user", { user })} className={classes.user}>
          <Avatar size={28} radius="xl" color="leaf" name={user} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user}</Menu.Label>
        <Box px="sm" py={4}>
          <LanguageSwitch />
        </Box>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void leave()}>
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
