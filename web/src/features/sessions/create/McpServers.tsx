import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { McpServer } from "./McpServer";
import type { Part } from "./part";
import type { Provisions } from "./provisions";
import { jsonOfServers, KNOWN, NEW_SERVER, problemsOfServers, serversOfJson } from "./servers";
import { NOTHING_STORED, type Stored } from "./stored";

/** MCP servers, one by one or as the JSON that their pages tell to paste. */
export function McpServers({ form, stored = NOTHING_STORED }: { form: Part<Pick<Provisions, "servers">>; stored?: Stored }) {
  const { t } = useTranslation();
  const { servers } = form.values;
  const [json, setJson] = useState<string>();
  // as JSON there is no field of its own to say at what is wrong with a server
  const said = Object.fromEntries(Object.entries(problemsOfServers(servers, stored)).map(([path, key]) => [path, t(key)]));
  const problems = { ...form.errors, ...said };
  const [at, words] = Object.entries(problems).find(([path]) => path.startsWith("servers.")) ?? [];
  const wrong =
    json !== undefined && serversOfJson(json, stored) === undefined
      ? t("create.mcp.badJson")
      : at !== undefined && `${servers[Number(at.split(".")[1])]?.name ?? ""}: ${String(words)}`;
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
          onChange={(as) => setJson(as === "json" ? jsonOfServers(servers, stored) : undefined)}
          data={[
            { value: "form", label: t("create.mcp.asForm") },
            { value: "json", label: "JSON" },
          ]}
        />
      </Group>
      {json === undefined ? (
        <>
          {servers.map((_, index) => (
            <McpServer key={index} form={form} index={index} stored={stored} />
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
          error={wrong}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
          value={json}
          onChange={(event) => {
            setJson(event.currentTarget.value);
            const found = serversOfJson(event.currentTarget.value, stored);
            if (found !== undefined) form.setFieldValue("servers", found);
          }}
        />
      )}
    </Stack>
  );
}
