import type { FormErrors } from "@mantine/form";
import type { TFunction } from "i18next";

import type { Stored } from "../../sessions/create/stored";
import { checkName, checkSession } from "../../triggers/check";
import type { ScheduleValues } from "../values";

export function checkSchedule(values: ScheduleValues, t: TFunction, stored?: Stored): FormErrors {
  return {
    ...checkName(values.name, t),
    ...(values.cron.trim() === "" ? { cron: t("schedules.error.cron") } : {}),
    ...(values.message.trim() === "" ? { message: t("schedules.error.message") } : {}),
    ...(values.startsAt !== "" && values.endsAt !== "" && values.endsAt <= values.startsAt
      ? { endsAt: t("schedules.error.bounds") }
      : {}),
    ...checkSession(values.session, t, stored),
  };
}
