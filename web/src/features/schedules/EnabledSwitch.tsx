import { Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, data } from "../../api/client";
import { toastProblem } from "../../ui/toast";
import { scheduleQuery } from "./queries";
import type { Schedule } from "./values";

/** Lets a schedule run, or holds it; what passes meanwhile is not made up for. */
export function EnabledSwitch({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (enabled: boolean) =>
      data(
        api.PATCH("/api/v1/schedules/{schedule_id}", {
          params: { path: { schedule_id: schedule.schedule_id } },
          body: { enabled },
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(scheduleQuery(schedule.schedule_id).queryKey, saved),
    onError: toastProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ["schedules", "list"] }),
  });
  return (
    <Switch
      aria-label={`${t("triggers.enabled")}: ${schedule.name}`}
      checked={change.isPending ? change.variables : schedule.enabled}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  );
}
