import { describe, expect, it } from "vitest";

import { changes, creation } from "../triggers/changes";
import { bodyOf, localTime, newSchedule } from "./values";

describe("the form of a schedule", () => {
  it("asks only for what was filled in", () => {
    const body = creation(bodyOf({ ...newSchedule(), name: " 夜間 ", cron: " 0 3 * * * ", timezone: "Asia/Tokyo", message: "run" }));
    expect(body).toMatchObject({ name: "夜間", cron: "0 3 * * *", timezone: "Asia/Tokyo", message: "run", reuse_session: false });
    for (const absent of ["starts_at", "ends_at", "repository", "session_id", "auto_delete_after_hours", "reuse_key"]) {
      expect(body).not.toHaveProperty(absent);
    }
    expect(body.config).toEqual({ cpu_limit: "2", memory_limit: "4Gi", timeout_minutes: 60 });
  });

  it("keeps a bound as the moment that it is, there and back", () => {
    const startsAt = localTime("2026-11-23T09:30:00.000Z");
    expect(startsAt).toMatch(/^2026-11-2\dT\d\d:\d\d$/);
    expect(bodyOf({ ...newSchedule(), startsAt }).starts_at).toBe("2026-11-23T09:30:00.000Z");
  });

  it("takes a bound back", () => {
    const before = { ...newSchedule(), endsAt: "2026-11-23T09:30" };
    expect(changes(bodyOf(before), bodyOf({ ...before, endsAt: "" }))).toEqual({ ends_at: null });
  });
});
