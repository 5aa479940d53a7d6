import type { Language } from "../../i18n";
import { NEW_SESSION } from "../triggers/session";
import { NEW_WEBHOOK, type WebhookValues } from "./values";

/** What people want first, as values to begin with. */

const REVIEW: Record<Language, string> = {
  ja: `{{ repository.full_name }} のプルリクエスト #{{ number }} をレビューしてください: {{ pull_request.title }}

\`git fetch origin pull/{{ number }}/head\` で最新の状態を取得し、FETCH_HEAD を origin/{{ pull_request.base.ref }} と比べてください。
テストを実行し、誤っている点と、より簡潔にできる点を教えてください。`,
  en: `Review pull request #{{ number }} of {{ repository.full_name }}: {{ pull_request.title }}

Get its newest state with \`git fetch origin pull/{{ number }}/head\`, compare FETCH_HEAD with origin/{{ pull_request.base.ref }},
run the tests, and say what is wrong and what could be simpler.`,
};

const MENTION: Record<Language, string> = {
  ja: `{{ repository.full_name }} の #{{ facts.number }} で、{{ comment.user.login }} さんから依頼がありました:

{{ comment.body }}`,
  en: `{{ comment.user.login }} asks at #{{ facts.number }} of {{ repository.full_name }}:

{{ comment.body }}`,
};

const PER_NUMBER = "{{ facts.repository }}#{{ facts.number }}";

export const WEBHOOK_RECIPES = ["review", "mention"] as const;
export type WebhookRecipe = (typeof WEBHOOK_RECIPES)[number];

export function isRecipe(value: unknown): value is WebhookRecipe {
  return WEBHOOK_RECIPES.some((recipe) => recipe === value);
}

export function webhookRecipe(recipe: WebhookRecipe, language: Language): WebhookValues {
  const session = { ...NEW_SESSION, reuse: "key" as const, reuseKey: PER_NUMBER, timeoutMinutes: 240, deleteAfterHours: 24 };
  if (recipe === "mention") {
    return {
      ...NEW_WEBHOOK,
      name: language === "ja" ? "コメントでの依頼" : "Asked in a comment",
      events: ["issue_comment"],
      actions: ["created"],
      condition: '"@agent" in comment.body and comment.author_association in ["OWNER", "MEMBER", "COLLABORATOR"]',
      message: MENTION[language],
      session,
    };
  }
  return {
    ...NEW_WEBHOOK,
    name: language === "ja" ? "PR レビュー" : "Pull request review",
    events: ["pull_request"],
    actions: ["opened", "reopened", "ready_for_review", "synchronize"],
    condition: "not pull_request.draft",
    message: REVIEW[language],
    session,
  };
}
