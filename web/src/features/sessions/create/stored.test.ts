import { describe, expect, it } from "vitest";

import type { Schemas } from "../../../api/client";
import { partOf } from "./part";
import { bodyOfProvisions, problemsOfProvisions, provisionsOf, type Provisions } from "./provisions";
import { jsonOfServers, NEW_SERVER, serversOfJson, type Server } from "./servers";
import { gibOf, NOTHING_STORED, storedOf } from "./stored";

const SAVED = {
  pvc_enabled: true, pvc_retain: true, pvc_storage_size: "512Mi",
  env: { TOKEN: { value: "***", secret: true }, LEVEL: { value: "debug", secret: false } },
  mcp_servers: {
    docs: { type: "http", url: "https://docs.example/mcp", headers: { Authorization: "***" } },
    git: { type: "stdio", command: "npx", args: ["-y", "a b", " c", "d\ne", '"f"'], env: { KEY: "***" } },
  },
} as unknown as Schemas["SessionConfig"];
const STORED = storedOf(SAVED);

function edited(change: (values: Provisions) => void): Provisions {
  const values = structuredClone(provisionsOf(SAVED));
  change(values);
  return values;
}

function server(values: Provisions, index: number): Server {
  return values.servers[index] as Server;
}

function problems(change: (values: Provisions) => void): Record<string, string> {
  return problemsOfProvisions(edited(change), STORED, true);
}

describe("what is stored", () => {
  it("goes back as it came, its secrets as masks, and is shown as empty fields", () => {
    const values = provisionsOf(SAVED);
    expect(values.env[0]).toEqual({ name: "TOKEN", value: "", secret: true });
    expect(server(values, 0).secrets).toEqual([{ name: "Authorization", value: "" }]);
    expect(bodyOfProvisions(values, STORED)).toEqual({ ...SAVED, pvc_storage_size: "512Mi" });
    expect(problems(() => undefined)).toEqual({});
  });

  it("keeps the other secrets when one is typed anew, added or taken away", () => {
    const values = edited((each) => {
      each.env.push({ name: "NEW", value: "n3w", secret: true });
      server(each, 1).secrets = [{ name: "KEY", value: "k3y" }];
    });
    expect(bodyOfProvisions(values, STORED)).toMatchObject({
      env: { TOKEN: { value: "***", secret: true }, NEW: { value: "n3w", secret: true } },
      mcp_servers: { docs: { headers: { Authorization: "***" } }, git: { env: { KEY: "k3y" } } },
    });
    expect(bodyOfProvisions(edited((each) => each.env.shift()), STORED).env).toEqual({ LEVEL: SAVED.env?.LEVEL });
  });

  it.each<[string, (values: Provisions) => void, Record<string, string>]>([
    ["a variable is no secret any more", (each) => Object.assign(each.env[0] ?? {}, { secret: false }), { "env.0.value": "create.env.againToShow" }],
    ["a variable gets another name", (each) => Object.assign(each.env[0] ?? {}, { name: "OTHER" }), { "env.0.value": "create.env.noValue" }],
    ["a server has another host", (each) => (server(each, 0).url = "https://evil.example/mcp"), { "servers.0.secrets.0.value": "create.mcp.againForOther" }],
    ["a server has another port", (each) => (server(each, 0).url = "https://docs.example:8443/mcp"), { "servers.0.secrets.0.value": "create.mcp.againForOther" }],
    ["a server is asked without encryption", (each) => (server(each, 0).url = "http://docs.example/mcp"), { "servers.0.secrets.0.value": "create.mcp.againForOther" }],
    ["a server speaks otherwise", (each) => (server(each, 0).type = "sse"), { "servers.0.secrets.0.value": "create.mcp.againForOther" }],
    ["a server is another program", (each) => (server(each, 1).command = "node"), { "servers.1.secrets.0.value": "create.mcp.againForOther" }],
    ["a server gets another name", (each) => (server(each, 1).name = "other"), { "servers.1.secrets.0.value": "create.env.noValue" }],
    ["a mask is typed where nothing is stored", (each) => each.env.push({ name: "X", value: "***", secret: true }), { "env.2.value": "create.env.maskOfNothing" }],
  ])("is asked for again, and no mask is sent, where %s", (_, change, found) => {
    expect(problems(change)).toEqual(found);
    const place = Object.keys(found)[0]?.split(".") ?? [];
    if (found["env.2.value"] !== undefined) return;
    const body = bodyOfProvisions(edited(change), STORED);
    const sent = place[0] === "env" ? Object.values(body.env ?? {})[0] : Object.values(body.mcp_servers ?? {})[Number(place[1])];
    expect(JSON.stringify(sent)).not.toContain("***");
  });

  it("stays where only the path or the arguments of a server change", () => {
    const moved = (each: Provisions): void => {
      server(each, 0).url = "https://docs.example/v2/mcp?x=1";
      server(each, 1).args = "-y";
    };
    expect(problems(moved)).toEqual({});
    expect(bodyOfProvisions(edited(moved), STORED).mcp_servers).toMatchObject({
      docs: { headers: { Authorization: "***" } }, git: { args: ["-y"], env: { KEY: "***" } },
    });
  });

  it("is not what a name of every object is", () => {
    const odd = edited((each) => each.servers.push({ ...NEW_SERVER, name: "constructor", command: "x", secrets: [{ name: "A", value: "" }] }));
    expect(problemsOfProvisions(odd, STORED, true)).toEqual({ "servers.2.secrets.0.value": "create.env.noValue" });
  });

  it("is a mask in the JSON, and stays stored when that is read", () => {
    const { servers } = provisionsOf(SAVED);
    const json = jsonOfServers(servers, STORED);
    expect(json).toContain('"KEY": "***"');
    expect(serversOfJson(json, STORED)).toEqual(servers);
    const other = serversOfJson(json.replace("docs.example", "evil.example"), STORED) ?? [];
    expect(problemsOfProvisions({ ...provisionsOf(SAVED), servers: other }, STORED)).toEqual({ "servers.0.secrets.0.value": "create.env.maskOfNothing" });
  });

  it("may be a volume smaller than a form makes", () => {
    expect(provisionsOf(SAVED).volumeGib).toBe(0.5);
    expect(problems((each) => (each.volumeGib = 0.25))).toEqual({ volumeGib: "create.volumeSize" });
    expect([gibOf("2Ti"), gibOf("10Gi"), gibOf("1073741824"), gibOf("1048576Ki")]).toEqual([2048, 10, 1, 1]);
  });
});

it("a new form says what the gateway would refuse, and of a secret without a value nothing", () => {
  const values = edited((each) => {
    each.servers = [{ ...NEW_SERVER, name: "a", command: "x", secrets: [{ name: "", value: "v" }, { name: "B", value: "***" }, { name: "B", value: "" }] }];
  });
  expect(problemsOfProvisions({ ...values, volumeGib: 1 }, NOTHING_STORED)).toEqual({
    "servers.0.secrets.0.name": "create.mcp.noName", "servers.0.secrets.1.value": "create.env.maskOfNothing", "servers.0.secrets.2.name": "create.env.twice",
  });
});

it("fields of a part of a form know it by their own paths", () => {
  const asked: unknown[] = [];
  const note = (...all: unknown[]): void => void asked.push(all);
  const whole = {
    values: { session: { a: 1 } },
    errors: { "session.a": "wrong", sessions: "no", a: "no" },
    getInputProps: (path: string) => ({ onChange: path, error: "of the form" }),
    setFieldValue: note, insertListItem: note, removeListItem: note,
  };
  const part = partOf(whole, "session");
  expect([part.values, part.errors]).toEqual([{ a: 1 }, { a: "wrong" }]);
  expect(part.getInputProps("a")).toEqual({ onChange: "session.a", error: "wrong" });
  part.setFieldValue("a", 2);
  part.insertListItem("env", 3);
  part.removeListItem("env", 0);
  expect(asked).toEqual([["session.a", 2], ["session.env", 3], ["session.env", 0]]);
});
