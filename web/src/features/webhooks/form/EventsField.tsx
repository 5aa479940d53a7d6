import { Checkbox, Chip, Text, Autocomplete, Group, Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Section } from "../../triggers/Section";
import triggers from "../../triggers/triggers.module.css";
import { EVENT_NAME, EVENTS, FIRST } from "../events";
import classes from "../webhooks.module.css";

interface Props {
  events: string[];
  actions: string[];
  error: ReactNode;
  change: (change: { events?: string[]; actions?: string[] }) => void;
}

function toggled(list: readonly string[], name: string): string[] {
  return list.includes(name) ? list.filter((each) => each !== name) : [...list, name];
}

/** Which events count, and which of their actions; no action chosen is all of them. */
export function EventsField({ events, actions, error, change }: Props) {
  const { t } = useTranslation();
  const [more, setMore] = useState(false);
  const [name, setName] = useState("");
  const shown = [...FIRST, ...events.filter((event) => !FIRST.includes(event))];
  const known = new Set(events.flatMap((event) => EVENTS[event] ?? []));
  const strange = actions.filter((action) => !known.has(action));
  const add = (event: string): void => {
    if (!EVENT_NAME.test(event)) return;
    if (!events.includes(event)) change({ events: [...events, event] });
    setName("");
    setMore(false);
  };
  return (
    <Section title={t("webhooks.events")} hint={t("webhooks.eventsHelp")}>
      <div role="group" aria-label={t("webhooks.events")} className={classes.events}>
        {shown.map((event) => {
          const chosen = events.includes(event);
          return (
            <div key={event} className={classes.event}>
              <Checkbox
                label={event}
                checked={chosen}
                data-error={error !== undefined && error !== null ? true : undefined}
                onChange={() => change({ events: toggled(events, event) })}
              />
              {chosen ? (
                <div className={triggers.chips} role="group" aria-label={t("webhooks.actionsOf", { event })}>
                  {(EVENTS[event] ?? []).map((action) => (
                    <Chip
                      key={action}
                      size="xs"
                      variant="outline"
                      checked={actions.includes(action)}
                      onChange={() => change({ actions: toggled(actions, action) })}
                    >
                      {action}
                    </Chip>
                  ))}
                  {(EVENTS[event] ?? []).length === 0 && (
                    <Text size="xs" c="dimmed">
                      {t("webhooks.noActions")}
                    </Text>
                  )}
                </div>
              ) : (
                <Text size="xs" c="dimmed">
                  {t(`webhooks.event.${event}`, { defaultValue: "" })}
                </Text>
              )}
            </div>
          );
        })}
        {strange.length > 0 && (
          <div className={classes.event}>
            <Text size="sm" c="dimmed">
              {t("webhooks.otherActions")}
            </Text>
            <div className={triggers.chips}>
              {strange.map((action) => (
                <Chip key={action} size="xs" variant="outline" checked onChange={() => change({ actions: toggled(actions, action) })}>
                  {action}
                </Chip>
              ))}
            </div>
          </div>
        )}
      </div>
      {error !== undefined && error !== null && (
        <Text size="xs" c="var(--cc-failed)" mt={8} role="alert">
          {error}
        </Text>
      )}
      {more ? (
        <Group gap="sm" mt="sm" align="flex-end">
          <Autocomplete
            label={t("webhooks.addEvent")}
            placeholder="workflow_run"
            data={Object.keys(EVENTS).filter((event) => !shown.includes(event))}
            value={name}
            onChange={setName}
            onOptionSubmit={add}
            error={name !== "" && !EVENT_NAME.test(name) ? t("webhooks.eventName") : undefined}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.nativeEvent.isComposing || event.keyCode === 229) return;
              event.preventDefault();
              add(name.trim());
            }}
          />
          <Button variant="default" onClick={() => add(name.trim())} disabled={!EVENT_NAME.test(name.trim())}>
            {t("triggers.add")}
          </Button>
        </Group>
      ) : (
        <Button variant="subtle" size="compact-sm" mt="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMore(true)}>
          {t("webhooks.addEvent")}
        </Button>
      )}
    </Section>
  );
}
