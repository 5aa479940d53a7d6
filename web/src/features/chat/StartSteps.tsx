import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { LiveView } from "../../api/events/live";
import { Deadline } from "../sessions/page/pending/Deadline";
import { isStuck } from "../sessions/page/pending/options";
import classes from "./chat.module.css";

const STEPS = ["queued", "starting", "cloning", "setting_up", "starting_agent"] as const;

/** How far a start is: done, under way, to come. */
export function StartSteps({ view }: { view: LiveView }) {
  const { t } = useTranslation();
  const code = view.session?.diagnosis?.code ?? "queued";
  const stuck = isStuck(code);
  const deadline = view.session?.start_deadline_at;
  const step = view.activity?.step ?? (stuck ? "starting" : code);
  const now = Math.max(0, STEPS.findIndex((each) => each === step));
  return (
    <section className={`card ${classes.start}`}>
      <div className={classes.startHead}>
        <h2>{t("chat.start")}</h2>
        {deadline != null && <Deadline at={deadline} />}
      </div>
      <ol className={classes.steps} aria-label={t("chat.start")}>
        {STEPS.map((each, index) => {
          const state = index < now ? "done" : index === now ? "now" : "later";
          return (
            <li key={each} className={classes.step} data-state={state} data-stuck={state === "now" && stuck} aria-current={state === "now" ? "step" : undefined}>
              <span className={classes.circle}>
                {state === "done" ? <IconCheck size={14} aria-hidden /> : state === "now" && stuck ? "!" : index + 1}
              </span>
              {t(`chat.step.${each}`)}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
