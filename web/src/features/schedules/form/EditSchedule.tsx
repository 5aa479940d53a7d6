import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data } from "../../../api/client";
import { toastDone, toastProblem } from "../../../ui/toast";
import { storedOf } from "../../sessions/create/stored";
import { changes, countOf } from "../../triggers/changes";
import { fieldErrors } from "../../triggers/problems";
import triggers from "../../triggers/triggers.module.css";
import { showFirstError, useTriggerForm } from "../../triggers/useTriggerForm";
import { scheduleQuery } from "../queries";
import { bodyOf, FIELDS, valuesOf, type Schedule, type ScheduleValues } from "../values";
import { checkSchedule } from "./check";
import { ScheduleForm } from "./ScheduleForm";

/** The form of a schedule that there is: only what was changed is sent. */
export function EditSchedule({ schedule, close }: { schedule: Schedule; close: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // the state that the person began with, whatever is refreshed behind
  const [initial] = useState(() => valuesOf(schedule));
  const [stored] = useState(() => storedOf(schedule.config));
  const { form, changeSession, forget } = useTriggerForm<ScheduleValues>({
    initial,
    draft: `schedule.${schedule.schedule_id}`,
    validate: (values) => checkSchedule(values, t, stored),
  });
  const changed = changes(bodyOf(initial, stored), bodyOf(form.values, stored));
  const count = countOf(changed);
  const save = useMutation({
    mutationFn: () =>
      data(
        api.PATCH("/api/v1/schedules/{schedule_id}", {
          params: { path: { schedule_id: schedule.schedule_id } },
          body: changed,
        }),
      ),
    onSuccess: (saved) => {
      forget();
      queries.setQueryData(scheduleQuery(schedule.schedule_id).queryKey, saved);
      void queries.invalidateQueries({ queryKey: ["schedules", "list"] });
      toastDone(t("triggers.saved"));
      close();
    },
    onError: (error) => {
      const refused = fieldErrors(error, FIELDS, form.values.session);
      form.setErrors(refused);
      if (Object.keys(refused).length === 0) toastProblem(error);
      else showFirstError();
    },
  });
  return (
    <ScheduleForm
      form={form}
      changeSession={changeSession}
      submit={() => (count === 0 ? close() : save.mutate())}
      problem={save.error}
      stored={stored}
      bar={
        <div className={triggers.bar}>
          {count > 0 && (
            <Text span className={triggers.dirty ?? ""}>
              {t("triggers.unsaved", { count })}
            </Text>
          )}
          <Button
            variant="default"
            onClick={() => {
              forget();
              close();
            }}
          >
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={count === 0}>
            {t("action.save")}
          </Button>
        </div>
      }
    />
  );
}
