import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CreateForm } from "./form";
import { McpServer } from "./McpServer";
import { jsonOfServers, KNOWN, NEW_SERVER, serversOfJson } from "./servers";

/** MCP servers, one by one or as the JSON that their pages tell to paste. */
export function McpServers({ form }: { form: CreateForm }) {
  const { t } = useTranslation();
  const { servers } = form.values;
  const [json, setJson] = useState<string>();
  const wrong = json !== undefined && serversOfJson(json) === undefined;
  const add = (name?: string): void => {
    const known = name === undefined ? undefined : KNOWN[name];
    form.insertListItem("servers", structuredClone(known ?? NEW_SERVER));
  };
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {t("create.mcp.help")}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t("create.mcp.as")}
          value={json === undefined ? "form" : "json"}
          onChange={(as) => setJson(as === "json" ? jsonOfServers(servers) : undefined)}
          data={[
            { value: "form", label: t("create.mcp.asForm") },
            { value: "json", label: "JSON" },
          ]}
        />
      </Group>
      {json === undefined ? (
        <>
          {servers.map((_, index) => (
            <McpServer key={index} form={form} index={index} />
          ))}
          <Group gap="xs">
            {Object.keys(KNOWN)
              .filter((name) => !servers.some((server) => server.name === name))
              .map((name) => (
                <Button key={name} variant="default" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => add(name)}>
                  {name}
                </Button>
              ))}
            <Button variant="default" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => add()}>
              {t("create.mcp.other")}
            </Button>
          </Group>
        </>
      ) : (
        <Textarea
          aria-label={t("create.mcp.json")}
          description={t("create.mcp.jsonHelp")}
          autosize
          minRows={6}
          maxRows={20}
          spellCheck={false}
          error={wrong ? t("create.mcp.badJson") : null}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          value={json}
          onChange={(event) => {
            setJson(event.currentTarget.value);
            const found = serversOfJson(event.currentTarget.value);
            if (found !== undefined) form.setFieldValue("servers", found);
          }}
        />
      )}
    </Stack>
  );
}
