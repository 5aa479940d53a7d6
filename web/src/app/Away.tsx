import { Button, Center, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Problem } from "../api/problem";
import { Failure } from "../ui/Failure";
import { usePageTitle } from "../ui/pageTitle";

const AGAIN_MS = 5_000;

/** A part of the page that was not there to be loaded: the network is away, or the page is older than the server. */
function isMissingPart(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script|preload CSS/i.test(error.message);
}

/** What a screen shows that cannot be shown: the network's fault mends itself, any other is told with what to do. */
export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const { online } = useNetwork();
  const away = (error instanceof Problem && error.status === 0) || (isMissingPart(error) && !online);
  if (away) return <Away reset={reset} />;
  return isMissingPart(error) ? <Changed /> : <Failure error={error} retry={reset} whole />;
}

function Away({ reset }: { reset: () => void }) {
  const { t } = useTranslation();
  const router = useRouter();
  const { online } = useNetwork();
  const title = t(online ? "away.title" : "away.offline");
  usePageTitle(title);
  useEffect(() => {
    if (!online) return;
    const again = (): void => {
      reset();
      void router.invalidate();
    };
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  }, [online, reset, router]);
  return (
    <Center mih="60dvh" p="xl" role="alert">
      <Stack align="center" gap="sm" maw={440} ta="center">
        <Title order={1}>{title}</Title>
        <Text c="dimmed" className="prose">
          {t("away.help")}
        </Text>
        <Group gap="sm">
          <Loader size="xs" color="gray" />
          <Button
            variant="default"
            onClick={() => {
              reset();
              void router.invalidate();
            }}
          >
            {t("action.retry")}
          </Button>
        </Group>
      </Stack>
    </Center>
  );
}

function Changed() {
  const { t } = useTranslation();
  return (
    <Center mih="60dvh" p="xl" role="alert">
      <Stack align="center" gap="sm" maw={440} ta="center">
        <Title order={1}>{t("away.changed")}</Title>
        <Text c="dimmed" className="prose">
          {t("away.changedHelp")}
        </Text>
        <Button onClick={() => window.location.reload()}>{t("away.reload")}</Button>
      </Stack>
    </Center>
  );
}
