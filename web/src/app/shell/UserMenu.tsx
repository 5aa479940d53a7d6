import { Avatar, Box, Menu, UnstyledButton } from "@mantine/core";
import { IconKeyboard, IconLogout, IconSettings } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { signedIn, signOut } from "../../features/auth/session";
import { toastProblem } from "../../ui/toast";
import { showOverlay } from "../overlays";
import { LanguageSwitch } from "./LanguageSwitch";
import classes from "./Shell.module.css";

export function UserMenu() {
  const { t } = useTranslation();
  const { user_id: user } = signedIn();
  const leave = (): void => void signOut().catch(toastProblem);
  return (
    <Menu position="bottom-end" width={220}>
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
        <Menu.Item leftSection={<IconSettings size={16} aria-hidden />} component={Link} to="/settings">
          {t("nav.settings")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={() => showOverlay("keys")}>
          {t("keys.title")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={leave}>
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
