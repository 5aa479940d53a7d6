import { Button, Center, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { usePageTitle } from "../ui/pageTitle";

export function NotFound() {
  const { t } = useTranslation();
  usePageTitle(t("notFound.title"));
  return (
    <Center mih="60dvh" p="xl">
      <Stack align="center" gap="sm" ta="center">
        <Title order={1}>{t("notFound.title")}</Title>
        <Text c="dimmed">{t("notFound.help")}</Text>
        <Button component={Link} to="/" variant="default">
          {t("notFound.home")}
        </Button>
      </Stack>
    </Center>
  );
}
