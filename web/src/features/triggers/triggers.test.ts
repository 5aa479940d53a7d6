import type { TFunction } from "i18next";
import { afterEach, describe, expect, it } from "vitest";

import type { Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { NEW_VARIABLE } from "../sessions/create/provisions";
import { NEW_SERVER } from "../sessions/create/servers";
import { NOTHING_STORED, storedOf } from "../sessions/create/stored";
import { changes } from "./changes";
import { checkSession } from "./check";
import { loadDraft, saveDraft } from "./drafts";
import { isWrong } from "./parts";
import { fieldErrors, lineOf } from "./problems";
import { NEW_SESSION, sessionFields, sessionValues, type SessionValues } from "./session";
import { piecesOf } from "./template";
import { dayTime } from "./times";

afterEach(() => localStorage.clear());

function refusal(details: Record<string, unknown>): Problem {
  return new Problem({ code: "INVALID_REQUEST", message: "no", status: 400, details });
}

describe("a refusal of the API", () => {
  it("is told at the field that it is about, in the person's language, with its line", () => {
    const problem = refusal({
      fields: [{ field: "message", problem: "message, line 2: no" }],
      line: 2,
      text: { ja: "message 2 行目: いいえ", en: "message, line 2: no" },
    });
    expect(["message 2 行目: いいえ", "message, line 2: no"]).toContain(fieldErrors(problem, { message: "message" }, NEW_SESSION).message);
    expect(lineOf(problem)).toBe(2);
  });

  it("finds the field of an item of a list and of a part of the configuration", () => {
    const problem = refusal({
      fields: [
        { field: "repositories[0]", problem: "a" },
        { field: "config.permission_policy.allow[3]", problem: "b" },
        { field: "definition.config.timeout_minutes", problem: "c" },
        { field: "unheard_of", problem: "d" },
      ],
    });
    expect(fieldErrors(problem, { repositories: "repositories" }, NEW_SESSION)).toEqual({
      repositories: "a",
      "session.allow": "b",
      "session.timeoutMinutes": "c",
    });
  });

  it("finds the row of a variable and of a server", () => {
    const rows = {
      env: [{ name: "A", value: "", secret: true }, { name: "B", value: "", secret: true }],
      servers: [{ ...NEW_SERVER, name: "x" }, { ...NEW_SERVER, name: "y.z", secrets: [{ name: "KEY", value: "" }] }],
    };
    const places = {
      "config.env[0]": "session.env.0.name",
      "config.env.B.value": "session.env.1.value",
      "definition.config.mcp_servers.x.url": "session.servers.0.url",
      "config.mcp_servers.y.z.env.KEY": "session.servers.1.secrets.0.value",
      "config.mcp_servers.y.z.args[2]": "session.servers.1.args",
      "config.pvc_storage_size": "session.volumeGib",
      "config.image": "session.image",
    };
    for (const [field, place] of Object.entries(places)) {
      expect(fieldErrors(refusal({ fields: [{ field, problem: "no" }] }), {}, rows)).toEqual({ [place]: "no" });
    }
    // a form may have a field of its own that is called as a row's list
    expect(fieldErrors(refusal({ fields: [{ field: "env", problem: "no" }] }), { env: "own" }, rows)).toEqual({ own: "no" });
  });

  it("is about no field where it is something else", () => {
    expect(fieldErrors(new Error("x"), {}, NEW_SESSION)).toEqual({});
    expect(fieldErrors(refusal({ fields: "x" }), {}, NEW_SESSION)).toEqual({});
  });
});

describe("a draft", () => {
  const LIKE = { name: "", tags: ["a"], on: true, inner: { count: 1, more: "" }, session: { env: [], servers: [] } };

  function keep(draft: unknown): void {
    localStorage.setItem("ccplant.draft.x", JSON.stringify(draft));
  }

  it("comes back as it was left, without what does not fit", () => {
    keep({ name: "n", tags: [1], on: "yes", inner: { count: 5, other: 1 }, strange: 1 });
    expect(loadDraft("x", LIKE)).toEqual({ ...LIKE, name: "n", inner: { count: 5, more: "" } });
  });

  it("comes back with its rows, and without the values of their secrets", () => {
    const session: SessionValues = {
      ...NEW_SESSION,
      repository: "acme/api", allow: ["Read"], volume: true, volumeGib: 20,
      env: [{ name: "TOKEN", value: "s3cret", secret: true }, { name: "LEVEL", value: "debug", secret: false }],
      servers: [
        { ...NEW_SERVER, name: "git", command: "npx", args: "-y\nx", secrets: [{ name: "KEY", value: "k3y" }] },
        { ...NEW_SERVER, name: "docs", type: "http", url: "https://x.example", secrets: [{ name: "Authorization", value: "Bearer t0ken" }] },
      ],
    };
    saveDraft("x", { session });
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/s3cret|k3y|t0ken/);
    const found = loadDraft("x", { session: NEW_SESSION })?.session;
    expect(found).toMatchObject({ repository: "acme/api", allow: ["Read"], volume: true, volumeGib: 20 });
    expect(found?.env).toEqual([{ name: "TOKEN", value: "", secret: true }, { name: "LEVEL", value: "debug", secret: false }]);
    expect(found?.servers).toMatchObject([
      { name: "git", command: "npx", args: "-y\nx", secrets: [{ name: "KEY", value: "" }] },
      { type: "http", url: "https://x.example", secrets: [{ name: "Authorization", value: "" }] },
    ]);
  });

  it("has rows of the shape that the form knows, or none", () => {
    keep({ session: { env: [{ name: 3, secret: false, other: 1 }], servers: [{ name: "a", secrets: [1] }] } });
    expect(loadDraft("x", LIKE)?.session).toEqual({ env: [{ ...NEW_VARIABLE, secret: false }], servers: [{ ...NEW_SERVER, name: "a" }] });
    keep({ session: { env: ["A"], servers: "x" } });
    expect(loadDraft("x", LIKE)?.session).toEqual({ env: [], servers: [] });
  });

  it("is none where there is none, or nothing that can be read", () => {
    expect(loadDraft("x", LIKE)).toBeUndefined();
    localStorage.setItem("ccplant.draft.x", "{");
    expect(loadDraft("x", LIKE)).toBeUndefined();
    keep([]);
    expect(loadDraft("x", LIKE)).toEqual(LIKE);
  });
});

describe("what sessions are given", () => {
  it("is asked for only where it is wanted, and taken back where it is not any more", () => {
    const none = sessionFields(NEW_SESSION).config;
    expect(none).toMatchObject({ env: null, mcp_servers: null, pvc_enabled: null, pvc_retain: null, image: null });
    const some = sessionFields({ ...NEW_SESSION, image: " img:1 ", volume: true, keep: true, env: [{ name: "A", value: "1", secret: false }] }).config;
    expect(changes(some, none)).toEqual({
      env: null, pvc_enabled: null, pvc_retain: null, pvc_storage_size: null, image: null,
    });
    expect(some).toMatchObject({ image: "img:1", pvc_enabled: true, pvc_storage_size: "10Gi", env: { A: { value: "1", secret: false } } });
  });

  it("is not changed by a person who changed something else", () => {
    const config = {
      cpu_limit: "2", memory_limit: "4Gi", timeout_minutes: 60, pvc_enabled: true, pvc_storage_size: "1.5Ti", pvc_from: "session-1",
      env: { TOKEN: { value: "***", secret: true } }, mcp_servers: { git: { type: "stdio", command: "npx", args: ["a\nb"], env: { K: "***" } } },
    } as unknown as Schemas["SessionConfig"];
    const saved = { config, repository: null, branch: null, reuse_session: false, session_id: null, auto_delete_on_complete: null, auto_delete_after_hours: null };
    const stored = storedOf(config);
    const before = sessionValues(saved);
    expect(changes(sessionFields(before, stored), sessionFields({ ...before, model: "m" }, stored))).toEqual({ config: { model: "m" } });
    const more = { ...before, env: [...before.env, { name: "B", value: "2", secret: false }] };
    expect(changes(sessionFields(before, stored), sessionFields(more, stored))).toEqual({
      config: { env: { TOKEN: { value: "***", secret: true }, B: { value: "2", secret: false } } },
    });
  });

  it("must have its secrets before it is sent, in a form as well that came back from a draft", () => {
    const words = ((key: string) => key) as unknown as TFunction;
    const session = { ...NEW_SESSION, env: [{ name: "TOKEN", value: "", secret: true }] };
    expect(checkSession(session, words)).toEqual({ "session.env.0.value": "create.env.noValue" });
    expect(checkSession(session, words, { ...NOTHING_STORED, env: ["TOKEN"] })).toEqual({});
  });

  it("opens the fold that it stands in when it is wrong, and no other", () => {
    expect([isWrong("advanced", { "session.env.0.value": "x" }), isWrong("session", { "session.env.0.value": "x" })]).toEqual([true, false]);
    expect([isWrong("advanced", { "session.cpu": "x" }), isWrong("session", { "session.cpu": "x" })]).toEqual([false, true]);
    expect([isWrong("advanced", { name: "x", "session.reuseKey": "x" }), isWrong("session", { name: "x", "session.reuseKey": "x" })]).toEqual([false, false]);
  });
});

describe("the rules of permission", () => {
  it("go along only where rules decide", () => {
    const rules = { ...NEW_SESSION, allow: ["Read"], deny: ["WebFetch"] };
    expect(sessionFields({ ...rules, policy: "rules" }).config.permission_policy).toEqual({ mode: "rules", allow: ["Read"], deny: ["WebFetch"] });
    expect(sessionFields({ ...rules, policy: "ask" }).config.permission_policy).toEqual({ mode: "ask" });
    expect(sessionFields({ ...rules, policy: "default" }).config.permission_policy).toBeNull();
  });
});

describe("a line of a template", () => {
  it("is cut where something is filled in, and nothing of it is lost", () => {
    const line = "PR #{{ number }}{% if x %} is {{ a";
    const pieces = piecesOf(line);
    expect(pieces.filter((piece) => piece.code).map((piece) => piece.text)).toEqual(["{{ number }}", "{% if x %}"]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(line);
  });
});

describe("a time of the calendar", () => {
  const now = new Date("2026-11-23T15:30:00Z");

  it("names today, tomorrow and yesterday by the day of its zone", () => {
    expect(dayTime(new Date("2026-11-23T18:00:00Z"), now, "ja", "Asia/Tokyo")).toBe("今日 3:00");
    expect(dayTime(new Date("2026-11-23T14:00:00Z"), now, "ja", "Asia/Tokyo")).toBe("昨日 23:00");
    expect(dayTime(new Date("2026-11-23T18:00:00Z"), now, "ja", "UTC")).toBe("今日 18:00");
    expect(dayTime(new Date("2026-11-24T18:00:00Z"), now, "en", "UTC")).toMatch(/^tomorrow 6:00/);
  });

  it("gives any other day by its date, and its year where it is far", () => {
    expect(dayTime(new Date("2026-11-30T00:00:00Z"), now, "ja", "UTC")).toBe("11月30日 0:00");
    expect(dayTime(new Date("2028-01-01T00:00:00Z"), now, "ja", "UTC")).toContain("2028");
  });
});
