import { describe, expect, it } from "vitest";

import { changes, countOf, creation } from "../triggers/changes";
import { webhookRecipe } from "./recipes";
import { bodyOf, NEW_WEBHOOK, type WebhookValues } from "./values";

const REVIEW = webhookRecipe("review", "ja");

function changed(change: Partial<WebhookValues>): Record<string, unknown> {
  return changes(bodyOf(REVIEW), bodyOf({ ...REVIEW, ...change }));
}

describe("the form of a webhook", () => {
  it("leaves to its default what is empty", () => {
    const body = creation(bodyOf({ ...NEW_WEBHOOK, name: "x", events: ["push"] }));
    expect(body).toMatchObject({ name: "x", events: ["push"], reuse_session: false, ignore_bots: true });
    for (const absent of ["condition", "message", "reuse_key", "session_id", "repository"]) expect(body).not.toHaveProperty(absent);
  });

  it("asks for one session for each key", () => {
    const body = creation(bodyOf(REVIEW));
    expect(body).toMatchObject({ reuse_session: true, reuse_key: "{{ facts.repository }}#{{ facts.number }}" });
    expect(body).not.toHaveProperty("session_id");
  });

  it("says nothing of a key that is no longer chosen, and takes it back", () => {
    const change = changed({ session: { ...REVIEW.session, reuse: "named", sessionId: " daily " } });
    expect(change).toEqual({ reuse_key: null, session_id: "daily" });
  });

  it("changes nothing that the person did not", () => {
    expect(changed({})).toEqual({});
    expect(changed({ message: "other" })).toEqual({ message: "other" });
    expect(changed({ session: { ...REVIEW.session, timeoutMinutes: 5 } })).toEqual({ config: { timeout_minutes: 5 } });
  });

  it("counts what was changed, also within the sessions' settings", () => {
    const session = { ...REVIEW.session, timeoutMinutes: 5, model: "m", repository: "a/b" };
    expect(countOf(changed({ name: "y", session }))).toBe(4);
  });

  it("keeps the blanks of a message as they are", () => {
    expect(bodyOf({ ...REVIEW, message: "  a\n\n" }).message).toBe("  a\n\n");
    expect(bodyOf({ ...REVIEW, message: " \n " }).message).toBeNull();
  });
});
