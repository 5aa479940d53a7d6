import { beforeEach, describe, expect, it } from "vitest";

import { dropDraft, loadDraft, loadLast, saveDraft, saveLast } from "./draft";
import { jsonOfServers, KNOWN, serversOfJson } from "./servers";
import { bodyOf, EMPTY, problemsOf, type Values } from "./values";

const FULL: Values = {
  ...EMPTY,
  name: " api ", repository: "acme/api", branch: "main", message: "go", agent: "claude-code",
  volume: true, volumeGib: 20, keep: true, setupScript: "make\n",
  env: [{ name: "TOKEN", value: "s3cret", secret: true }, { name: "", value: "", secret: true }],
  servers: [{ ...(KNOWN.github as Values["servers"][number]), secrets: [{ name: "GITHUB_PERSONAL_ACCESS_TOKEN", value: "ghp_x" }] }],
};

describe("the form of a new session", () => {
  it("asks for no more than was given", () => {
    expect(bodyOf(EMPTY)).toEqual({
      mode: "interactive", config: { cpu_limit: "2", memory_limit: "4Gi", timeout_minutes: 60 },
    });
  });

  it("becomes a request with everything that was given", () => {
    expect(bodyOf(FULL)).toMatchObject({
      name: "api",
      config: {
        agent: "claude-code", pvc_enabled: true, pvc_storage_size: "20Gi", pvc_retain: true, setup_script: "make",
        env: { TOKEN: { value: "s3cret", secret: true } },
        mcp_servers: {
          github: {
            command: "npx", args: ["-y", "@modelcontextprotocol/server-github"],
            env: { GITHUB_PERSONAL_ACCESS_TOKEN: "ghp_x" },
          },
        },
      },
    });
  });

  it("goes on with a kept volume, whose size is what it is", () => {
    const config = bodyOf({ ...FULL, volumeFrom: "vol-1" }).config;
    expect(config).toMatchObject({ pvc_from: "vol-1" });
    expect(config).not.toHaveProperty("pvc_storage_size");
  });

  it("says what is wrong at its field", () => {
    expect(problemsOf(EMPTY)).toEqual({});
    expect(
      problemsOf({
        ...EMPTY, branch: "main", mode: "task",
        env: [{ name: "1X", value: "", secret: false }, { name: "A", value: "1", secret: false }, { name: "A", value: "2", secret: false }],
        servers: [{ ...(KNOWN.filesystem as Values["servers"][number]), command: " " }],
      }),
    ).toEqual({
      branch: "create.branchAlone", message: "create.taskNeedsMessage", "env.0.name": "create.env.badName",
      "env.2.name": "create.env.twice", "servers.0.command": "create.mcp.noCommand",
    });
  });
});

describe("drafts", () => {
  beforeEach(() => localStorage.clear());

  it("survive without the values of secrets", () => {
    saveDraft(FULL, EMPTY);
    expect(loadDraft()?.repository).toBe("acme/api");
    expect(JSON.stringify(localStorage)).not.toMatch(/s3cret|ghp_x/);
    expect(loadDraft()?.env[0]).toEqual({ name: "TOKEN", value: "", secret: true });
  });

  it("are gone when the session is made, and what comes again is kept", () => {
    saveDraft(FULL, EMPTY);
    dropDraft();
    saveLast(FULL);
    expect(loadDraft()).toBeUndefined();
    expect(loadLast()).toMatchObject({ name: "", message: "", repository: "acme/api", volumeGib: 20 });
  });

  it("of another shape are none", () => {
    localStorage.setItem("ccplant.draft.new-session", JSON.stringify({ name: 3, env: "x", repository: "a/b" }));
    expect(loadDraft()).toEqual({ ...EMPTY, repository: "a/b" });
    localStorage.setItem("ccplant.draft.new-session", "{");
    expect(loadDraft()).toBeUndefined();
  });

  it("belong to what the form was opened with", () => {
    saveDraft({ ...EMPTY, volume: true, volumeFrom: "vol-1" }, EMPTY, "volume.vol-1");
    expect(loadDraft()).toBeUndefined();
    expect(loadDraft("volume.vol-1")?.volumeFrom).toBe("vol-1");
  });

  it("are none where nothing was changed", () => {
    saveDraft(FULL, EMPTY);
    saveDraft({ ...EMPTY }, EMPTY);
    expect(loadDraft()).toBeUndefined();
  });
});

describe("MCP servers as JSON", () => {
  it("come back as they were", () => {
    expect(serversOfJson(jsonOfServers(FULL.servers))).toEqual(FULL.servers);
  });

  it("are read from the files of agents too", () => {
    expect(serversOfJson('{"mcpServers": {"docs": {"url": "https://x.example/mcp", "headers": {"A": "b"}}}}')).toEqual([
      { name: "docs", type: "http", command: "", args: "", url: "https://x.example/mcp", secrets: [{ name: "A", value: "b" }] },
    ]);
    expect(serversOfJson("[]")).toBeUndefined();
    expect(serversOfJson("{")).toBeUndefined();
    expect(serversOfJson("")).toEqual([]);
  });
});
