import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, data, type Schemas } from "../../../api/client";
import { language } from "../../../i18n";
import { toastDone, toastProblem } from "../../../ui/toast";
import { creation } from "../../triggers/changes";
import { Head } from "../../triggers/Head";
import { fieldErrors } from "../../triggers/problems";
import triggers from "../../triggers/triggers.module.css";
import { showFirstError, useTriggerForm } from "../../triggers/useTriggerForm";
import { isRecipe, scheduleRecipe } from "../recipes";
import { bodyOf, FIELDS, newSchedule, type ScheduleValues } from "../values";
import { checkSchedule } from "./check";
import { ScheduleForm } from "./ScheduleForm";

const route = getRouteApi("/shell/schedules/new");

export function NewSchedule() {
  const { recipe } = route.useSearch();
  return <NewForm key={recipe ?? ""} recipe={recipe} />;
}

function NewForm({ recipe }: { recipe: string | undefined }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [initial] = useState(() => (isRecipe(recipe) ? scheduleRecipe(recipe, language()) : newSchedule()));
  const { form, changeSession, forget } = useTriggerForm<ScheduleValues>({
    initial,
    draft: isRecipe(recipe) ? `schedule.new.${recipe}` : "schedule.new",
    validate: (values) => checkSchedule(values, t),
  });
  const key = useRef(crypto.randomUUID());
  const create = useMutation({
    mutationFn: (values: ScheduleValues) =>
      data(
        api.POST("/api/v1/schedules", {
          params: { header: { "Idempotency-Key": key.current } },
          body: creation(bodyOf(values)) as unknown as Schemas["CreateSchedule"],
        }),
      ),
    onSuccess: async (made) => {
      forget();
      toastDone(t("schedules.made", { name: made.name }));
      void queries.invalidateQueries({ queryKey: ["schedules"] });
      // its page tells what the API warned of
      await navigate({ to: "/schedules/$scheduleId", params: { scheduleId: made.schedule_id } });
    },
    onError: (error, values) => {
      key.current = crypto.randomUUID();
      const refused = fieldErrors(error, FIELDS, values.session);
      form.setErrors(refused);
      if (Object.keys(refused).length === 0) toastProblem(error);
      else showFirstError();
    },
  });
  return (
    <div className="page">
      <Head back={{ link: { to: "/schedules" }, label: t("schedules.title") }} title={t("schedules.newTitle")} />
      <div style={{ maxWidth: 720 }}>
        <ScheduleForm
          form={form}
          changeSession={changeSession}
          submit={(values) => create.mutate(values)}
          problem={create.error}
          bar={
            <div className={triggers.bar}>
              <Button variant="default" renderRoot={(props) => <Link {...props} to="/schedules" onClick={forget} />}>
                {t("action.cancel")}
              </Button>
              <Button type="submit" loading={create.isPending}>
                {t("schedules.create")}
              </Button>
            </div>
          }
        />
      </div>
    </div>
  );
}
