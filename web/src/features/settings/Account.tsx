import { Badge, Button, Group, Skeleton, Text } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { Failure } from "../../ui/Failure";
import { toastProblem } from "../../ui/toast";
import { signOut } from "../auth/session";
import { me } from "../dashboard/queries";
import { Choice, Panel } from "./Panel";

export function Account() {
  const { t } = useTranslation();
  const account = useQuery(me);
  const leave = (): void => void signOut().catch(toastProblem);
  return (
    <Panel title={t("settings.account")}>
      {account.isError && account.data === undefined ? (
        <Failure error={account.error} retry={() => void account.refetch()} />
      ) : (
        <>
          <Choice label={t("settings.user")}>
            {account.data === undefined ? (
              <Skeleton height={16} width={140} />
            ) : (
              <Group gap={8}>
                <Text size="sm" fw={500}>
                  {account.data.user_id}
                </Text>
                <Badge variant="light" color="gray" tt="none">
                  {t(`settings.roles.${account.data.role}`)}
                </Badge>
              </Group>
            )}
          </Choice>
          {account.data?.github_username != null && (
            <Choice label="GitHub">
              <Text size="sm">{account.data.github_username}</Text>
            </Choice>
          )}
          {account.data?.email != null && (
            <Choice label={t("settings.email")}>
              <Text size="sm">{account.data.email}</Text>
            </Choice>
          )}
        </>
      )}
      <Choice label={t("shell.signOut")} help={t("settings.signOutHelp")}>
        <Button variant="default" leftSection={<IconLogout size={16} aria-hidden />} onClick={leave}>
          {t("shell.signOut")}
        </Button>
      </Choice>
    </Panel>
  );
}
