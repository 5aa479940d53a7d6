import { describe, expect, it } from "vitest";

import { bytes, cores, countdown, duration, quantity, relativeTime } from "./format";

const now = new Date("2026-06-01T12:00:00Z");
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

describe("times and sizes", () => {
  it.each([
    [0, "今", "now"],
    [45, "45 秒前", "45 seconds ago"],
    [7 * 60, "7 分前", "7 minutes ago"],
    [3 * 3600, "3 時間前", "3 hours ago"],
    [86_400, "昨日", "yesterday"],
    [2 * 86_400, "一昨日", "2 days ago"],
    [-3600, "1 時間後", "in 1 hour"],
    [-46 * 3600, "明後日", "in 2 days"],
  ])("%i seconds", (seconds, ja, en) => {
    expect(relativeTime(ago(seconds), now, "ja")).toBe(ja);
    expect(relativeTime(ago(seconds), now, "en")).toBe(en);
  });

  it("never breaks a size from its unit", () => {
    expect(bytes(1.7 * 2 ** 30)).toBe("1.7\u00a0GiB");
    expect(bytes(4 * 2 ** 30)).toBe("4\u00a0GiB");
    expect(bytes(512)).toBe("512\u00a0B");
    expect(bytes(0)).toBe("0\u00a0B");
  });

  it("writes the amounts of the API as it writes its own", () => {
    expect([quantity("8Gi"), quantity("1.5Mi"), quantity("500m"), quantity("2")]).toEqual(["8\u00a0GiB", "1.5\u00a0MiB", "500m", "2"]);
  });

  it("says cores with one digit where they are not whole", () => {
    expect([cores(0.42), cores(2), cores(12.3)]).toEqual(["0.4", "2", "12"]);
  });

  it("counts down and not below nothing", () => {
    expect([countdown(468), countdown(3723), countdown(-5)]).toEqual(["7:48", "1:02:03", "0:00"]);
  });

  it("says a length by its two largest units", () => {
    expect(duration(28 * 60, "en")).toBe("28 min");
    expect(duration(7_500, "en")).toBe("2 hr 5 min");
    expect(duration(45, "en")).toBe("45 sec");
  });
});
