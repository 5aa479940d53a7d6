import { describe, expect, it } from "vitest";

import { cronWords, simpleJapanese } from "./cron";

describe("a cron expression in words", () => {
  it.each([
    ["0 3 * * *", "毎日 3:00"],
    ["@daily", "毎日 0:00"],
    ["@hourly", "毎時 0 分"],
    ["30 14 * * 1-5", "平日 (月〜金) 14:30"],
    ["30 14 * * MON-FRI", "平日 (月〜金) 14:30"],
    ["0 9 * * 1", "毎週月曜 9:00"],
    ["0 9 * * 7", "毎週日曜 9:00"],
    ["0 9 * * mon,WED", "毎週月・水曜 9:00"],
    ["0 10 1 * *", "毎月 1 日 10:00"],
    ["5 * * * *", "毎時 5 分"],
    ["*/15 * * * *", "15 分ごと"],
    ["0 */6 * * *", "6 時間ごと"],
    ["0 9,18 * * *", "毎日 9:00、18:00"],
    ["*/10 * * * 1-5", "平日 (月〜金)、10 分ごと"],
  ])("says what people would: %s", (cron, words) => {
    expect(simpleJapanese(cron)).toBe(words);
  });

  it.each(["*/7 * * * *", "0 9 1-7 * 1", "0 9 * 6 *", "0 25 * * *", "0 9 * * 8", "0 9 * *", "0 0 9 * * *", ""])(
    "says nothing that would be wrong: %s",
    (cron) => {
      expect(simpleJapanese(cron)).toBeUndefined();
    },
  );

  it("leaves what is not usual to the library, in both languages", async () => {
    expect(await cronWords("5,35 8-18 * * *", "ja")).toContain("35 分");
    expect(await cronWords("30 14 * * 1-5", "en")).toBe("At 14:30, Monday through Friday");
  });

  it("says of a day of the month and one of the week that either counts", async () => {
    expect(await cronWords("0 9 1 * 1", "en")).toContain("or on");
    expect(await cronWords("0 9 1 * 1", "ja")).toContain("または");
  });

  it.each(["0 3 * * * *", "nonsense", "99 3 * * *", ""])("has no words for what is none: %s", async (cron) => {
    expect(await cronWords(cron, "en")).toBeUndefined();
    expect(await cronWords(cron, "ja")).toBeUndefined();
  });
});
