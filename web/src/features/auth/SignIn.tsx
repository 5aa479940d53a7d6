import { Button, Center, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { Problem } from "../../api/problem";
import { LanguageSwitch } from "../../app/shell/LanguageSwitch";
import { Brand } from "../../ui/Brand";
import { usePageTitle } from "../../ui/pageTitle";
import { ownPath, signIn } from "./session";

export function SignIn() {
  const { t } = useTranslation();
  const router = useRouter();
  const { to } = useSearch({ from: "/sign-in" });
  const [token, setToken] = useState("");
  usePageTitle(t("signIn.title"));
  const entering = useMutation({
    mutationFn: () => signIn(token.trim()),
    onSuccess: () => router.history.push(ownPath(to)),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (token.trim() !== "") entering.mutate();
  };
  const refused = entering.error instanceof Problem && entering.error.status === 401;
  return (
    <Center component="main" mih="100dvh" p="lg">
      <form onSubmit={submit} style={{ width: "min(360px, 100%)" }}>
        <Stack gap="lg">
          <Brand />
          <div>
            <Title order={1}>{t("signIn.title")}</Title>
            <Text c="dimmed" size="sm" mt={4}>
              {t("signIn.help")}
            </Text>
          </div>
          <PasswordInput
            label={t("signIn.token")}
            description={t("signIn.tokenHelp")}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            error={entering.error === null ? undefined : refused ? t("signIn.refused") : entering.error.message}
            autoComplete="current-password"
            autoFocus
            required
          />
          <Button type="submit" loading={entering.isPending} fullWidth>
            {t("signIn.enter")}
          </Button>
          <LanguageSwitch />
        </Stack>
      </form>
    </Center>
  );
}
