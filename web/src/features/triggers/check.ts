import type { FormErrors } from "@mantine/form";
import type { TFunction } from "i18next";

import { problemsOfProvisions } from "../sessions/create/provisions";
import type { Stored } from "../sessions/create/stored";
import type { SessionValues } from "./session";

/** What can be known to be wrong before the API is asked; its own word counts in the end. */
export function checkSession(session: SessionValues, t: TFunction, stored?: Stored): FormErrors {
  const found: FormErrors = {};
  if (session.timeoutMinutes === "") found["session.timeoutMinutes"] = t("triggers.error.number");
  if (session.reuse === "key" && session.reuseKey.trim() === "") found["session.reuseKey"] = t("triggers.error.reuseKey");
  if (session.reuse === "named" && session.sessionId.trim() === "") found["session.sessionId"] = t("triggers.error.sessionName");
  // nobody sits beside a session that is started: a secret that was forgotten is told now
  for (const [path, words] of Object.entries(problemsOfProvisions(session, stored, true))) found[`session.${path}`] = t(words);
  return found;
}

export function checkName(name: string, t: TFunction): FormErrors {
  if (name.trim() === "") return { name: t("triggers.error.name") };
  return name.length > 200 ? { name: t("triggers.error.nameLong") } : {};
}
