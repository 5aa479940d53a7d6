import { expect, it } from "vitest";

import { Problem } from "../../../api/problem";
import { fieldErrors } from "./refusals";
import { NEW_SERVER } from "./servers";
import { EMPTY, type Values } from "./values";

const values: Values = {
  ...EMPTY,
  env: [
    { name: "A", value: "", secret: true },
    { name: "A_B", value: "", secret: true },
  ],
  servers: [
    { ...NEW_SERVER, name: "git" },
    { ...NEW_SERVER, name: "github", secrets: [{ name: "TOKEN", value: "" }] },
  ],
};

function refused(...names: string[]): Record<string, string> {
  const fields = names.map((field) => ({ field, problem: "no" }));
  return fieldErrors(new Problem({ code: "INVALID_REQUEST", message: "", status: 400, details: { fields } }), values);
}

it.each([
  ["name", "name"],
  ["config.pvc_from", "volumeFrom"],
  ["attachments[0]", "message"],
  ["config.env.A_B", "env.1.name"],
  ["config.env.A.value", "env.0.value"],
  ["config.env", "env.0.name"],
  ["config.mcp_servers.github.args[0]", "servers.1.args"],
  ["config.env[0]", "env.0.name"],
  ["config.env.A_B.[key]", "env.1.name"],
  ["config.mcp_servers.github.env.TOKEN", "servers.1.secrets.0.value"],
  ["config.mcp_servers.github.env.TOKEN.[key]", "servers.1.secrets.0.name"],
  ["config.mcp_servers.github.headers", "servers.1.secrets.0.name"],
  ["config.mcp_servers", "servers.0.name"],
  ["config.mcp_servers.git.command", "servers.0.command"],
  ["config.mcp_servers.github", "servers.1.name"],
])("a refusal of %s is said at %s", (field, place) => {
  expect(refused(field)).toEqual({ [place]: "no" });
});

it("says nothing at fields for what is about none of them", () => {
  expect(refused("config.unknown", "config.environment", "constructor", "config.mcp_servers.other.command")).toEqual({});
});
