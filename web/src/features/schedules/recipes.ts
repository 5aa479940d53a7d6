import type { Language } from "../../i18n";
import { NEW_SESSION } from "../triggers/session";
import { newSchedule, type ScheduleValues } from "./values";

/** What people want first, as values to begin with. */

export const SCHEDULE_RECIPES = ["nightly", "weekly"] as const;
export type ScheduleRecipe = (typeof SCHEDULE_RECIPES)[number];

export function isRecipe(value: unknown): value is ScheduleRecipe {
  return SCHEDULE_RECIPES.some((recipe) => recipe === value);
}

const WORDS: Record<ScheduleRecipe, Record<Language, { name: string; message: string }>> = {
  nightly: {
    ja: {
      name: "夜間テスト",
      message: "テストを実行してください。失敗したものについて、どのコミットから失敗しているか、原因は何かを教えてください。",
    },
    en: { name: "Nightly tests", message: "Run the tests. Say which fail, since which commit, and why." },
  },
  weekly: {
    ja: {
      name: "依存関係の更新",
      message: "依存関係を更新してください。テストが通ったものだけを 1 つの PR にまとめ、破壊的変更は説明に書いてください。",
    },
    en: {
      name: "Update dependencies",
      message: "Update the dependencies. Put those whose tests pass into one pull request, and name breaking changes in its description.",
    },
  },
};

export function scheduleRecipe(recipe: ScheduleRecipe, language: Language): ScheduleValues {
  return {
    ...newSchedule(),
    ...WORDS[recipe][language],
    cron: recipe === "nightly" ? "0 3 * * *" : "0 9 * * 1",
    session: { ...NEW_SESSION, deleteAfterHours: 72 },
  };
}
