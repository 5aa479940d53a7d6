import { Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

import classes from "./settings.module.css";

/** A group of settings that belong together. */
export function Panel({ title, help, action, children }: { title: string; help?: string; action?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <div className={classes.panelHead}>
        <div>
          <Title order={2} id={id} fz={14}>
            {title}
          </Title>
          {help !== undefined && (
            <Text size="xs" c="dimmed" mt={2} className="prose">
              {help}
            </Text>
          )}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

/** One choice: what it is at the left, the control at the right (below, where there is no room). */
export function Choice({ label, help, children }: { label: string; help?: string; children: ReactNode }) {
  return (
    <div className={classes.choice}>
      <div>
        <Text size="sm">{label}</Text>
        {help !== undefined && (
          <Text size="xs" c="dimmed" className="prose">
            {help}
          </Text>
        )}
      </div>
      {children}
    </div>
  );
}
