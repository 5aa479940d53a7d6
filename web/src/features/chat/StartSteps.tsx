import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../api/events/live";
import classes from "./chat.module.css";

const STEPS = ["queued", "starting", "cloning", "setting_up", "starting_agent"] as const;

/** How far a start is: done, under way, to come. */
export function StartSteps({ view }: { view: LiveView }) {
  const { t } = useTranslation();
  const step = view.activity?.step ?? view.session?.diagnosis?.code ?? "queued";
  const now = Math.max(0, STEPS.findIndex((each) => each === step));
  return (
    <ol className={classes.steps} aria-label={t("chat.start")}>
      {STEPS.map((each, index) => {
        const state = index < now ? "done" : index === now ? "now" : "later";
        return (
          <li key={each} className={classes.step} data-state={state} aria-current={state === "now" ? "step" : undefined}>
            <span className={classes.circle}>
              {state === "done" ? <IconCheck size={14} aria-hidden /> : state === "now" ? "!" : index + 1}
            </span>
            {t(`chat.step.${each}`)}
          </li>
        );
      })}
    </ol>
  );
}
