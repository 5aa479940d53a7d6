import { ActionIcon, Button, Fieldset, Group, PasswordInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Part } from "./part";
import type { Provisions } from "./provisions";
import classes from "./rows.module.css";
import { askedAgainOf, isKeptOf, NOTHING_STORED, type Stored } from "./stored";
import { valueProps } from "./valueProps";

/** One MCP server: a program with its variables, or an address with its headers. */
export function McpServer({
  form,
  index,
  stored = NOTHING_STORED,
}: {
  form: Part<Pick<Provisions, "servers">>;
  index: number;
  stored?: Stored;
}) {
  const { t } = useTranslation();
  const at = `servers.${index}`;
  const server = form.values.servers[index];
  if (server === undefined) return null;
  const program = server.type === "stdio";
  const mono = { input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } };
  return (
    <Fieldset legend={server.name === "" ? t("create.mcp.new") : server.name}>
      <Stack gap="sm">
        <Group align="flex-start" gap="sm">
          <TextInput label={t("create.mcp.name")} flex={1} miw={140} spellCheck={false} {...form.getInputProps(`${at}.name`)} />
          <Select
            label={t("create.mcp.type")}
            w={150}
            allowDeselect={false}
            data={[
              { value: "stdio", label: t("create.mcp.stdio") },
              { value: "http", label: "HTTP" },
              { value: "sse", label: "SSE" },
            ]}
            {...form.getInputProps(`${at}.type`)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            mt={24}
            aria-label={`${t("action.delete")}: ${server.name}`}
            onClick={() => form.removeListItem("servers", index)}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
        {program ? (
          <>
            <TextInput label={t("create.mcp.command")} placeholder="npx" spellCheck={false} styles={mono} {...form.getInputProps(`${at}.command`)} />
            <Textarea
              label={t("create.mcp.args")}
              description={t("create.mcp.argsHelp")}
              autosize
              minRows={2}
              maxRows={8}
              spellCheck={false}
              styles={mono}
              {...form.getInputProps(`${at}.args`)}
            />
          </>
        ) : (
          <TextInput label="URL" placeholder="https://" inputMode="url" spellCheck={false} styles={mono} {...form.getInputProps(`${at}.url`)} />
        )}
        {server.secrets.length > 0 && (
          <div className={classes.rows}>
            {server.secrets.map((pair, place) => {
              const again = askedAgainOf(stored, server, pair);
              const value = form.getInputProps(`${at}.secrets.${place}.value`);
              return (
                <div
                  key={place}
                  role="group"
                  aria-label={`${t(program ? "create.env.variable" : "create.mcp.header")}: ${pair.name === "" ? place + 1 : pair.name}`}
                  className={classes.row}
                >
                  <TextInput
                    aria-label={`${t(program ? "create.env.name" : "create.mcp.header")} ${place + 1}`}
                    placeholder={program ? "NAME" : "Authorization"}
                    className={classes.name ?? ""}
                    autoCapitalize="off"
                    spellCheck={false}
                    {...form.getInputProps(`${at}.secrets.${place}.name`)}
                  />
                  <PasswordInput
                    aria-label={`${t("create.env.value")}: ${pair.name}`}
                    autoComplete="off"
                    className={classes.value ?? ""}
                    {...value}
                    {...valueProps(t, isKeptOf(stored, server, pair.name) && pair.value === "", again === undefined ? value.error : t(again))}
                  />
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size={36}
                    className={classes.remove ?? ""}
                    aria-label={`${t("action.delete")}: ${pair.name}`}
                    onClick={() => form.removeListItem(`${at}.secrets`, place)}
                  >
                    <IconTrash size={16} aria-hidden />
                  </ActionIcon>
                </div>
              );
            })}
          </div>
        )}
        <Group>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => form.insertListItem(`${at}.secrets`, { name: "", value: "" })}
          >
            {t(program ? "create.env.add" : "create.mcp.addHeader")}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
