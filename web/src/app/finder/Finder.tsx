import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconKeyboard, IconLanguage, IconMoon, IconPlus, IconSearch, IconSun } from "@tabler/icons-react";
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { chooseLanguage, language } from "../../i18n";
import { StatusBadge } from "../../ui/StatusBadge";
import { showOverlay } from "../overlays";
import { SECTIONS } from "../sections";
import { matches } from "./matches";
import { foundSessions } from "./queries";
import classes from "./finder.module.css";

const [store, control] = createSpotlight();
const SESSIONS_SHOWN = 8;

interface Action {
  id: string;
  label: string;
  icon: ReactNode;
  run: () => void;
}

/** Goes to any section or session, and does what can be done from anywhere; loaded when it is first asked for. */
export function Finder({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const router = useRouter();
  const [query, setQuery] = useState("");
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const words = query.trim();
  const sessions = useQuery({ ...foundSessions(words), enabled: opened });
  useEffect(() => {
    if (opened) control.open();
    else control.close();
  }, [opened]);
  const dark = scheme === "dark";
  const icon = { size: 18, stroke: 1.6, "aria-hidden": true } as const;
  const sections: Action[] = SECTIONS.map((section) => ({
    id: section.to,
    label: t(section.label),
    icon: <section.icon {...icon} />,
    run: () => void router.navigate({ to: section.to as string }),
  }));
  const actions: Action[] = [
    { id: "new", label: t("sessions.new"), icon: <IconPlus {...icon} />, run: () => void router.navigate({ to: "/sessions/new" }) },
    {
      id: "scheme",
      label: t(dark ? "shell.light" : "shell.dark"),
      icon: dark ? <IconSun {...icon} /> : <IconMoon {...icon} />,
      run: () => setColorScheme(dark ? "light" : "dark"),
    },
    {
      id: "language",
      label: language() === "ja" ? "Switch to English" : "日本語で表示する",
      icon: <IconLanguage {...icon} />,
      run: () => chooseLanguage(language() === "ja" ? "en" : "ja"),
    },
    { id: "keys", label: t("keys.title"), icon: <IconKeyboard {...icon} />, run: () => setTimeout(() => showOverlay("keys")) },
  ];
  const shown = [
    { label: t("finder.sections"), actions: sections.filter((each) => matches(words, each.label)) },
    { label: t("finder.actions"), actions: actions.filter((each) => matches(words, each.label)) },
  ].filter((group) => group.actions.length > 0);
  const found = (sessions.data ?? [])
    .filter((each) => matches(words, each.name, each.repository, each.branch, each.session_id))
    .slice(0, SESSIONS_SHOWN);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={close}
      shortcut={null}
      scrollable
      centered={false}
      yOffset={88}
      maxHeight={420}
      attributes={{ content: { "aria-label": t("finder.label") } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      transitionProps={{ duration: 100, transition: "fade" }}
    >
      <div onKeyDownCapture={leaveComposing}>
        <Spotlight.Search
          placeholder={t("finder.placeholder")}
          aria-label={t("finder.placeholder")}
          leftSection={<IconSearch {...icon} />}
          classNames={{ input: classes.search }}
        />
      </div>
      <Spotlight.ActionsList {...scrolledByKeys(t("finder.found"))}>
        {found.length > 0 && (
          <Spotlight.ActionsGroup label={t("nav.sessions")}>
            {found.map((session) => (
              <Spotlight.Action
                key={session.session_id}
                className={classes.action}
                onClick={() =>
                  void router.navigate({ to: "/sessions/$sessionId", params: { sessionId: session.session_id } })
                }
              >
                <span className={classes.name}>{session.name}</span>
                <StatusBadge status={session.status} />
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        )}
        {shown.map((group) => (
          <Spotlight.ActionsGroup key={group.label} label={group.label}>
            {group.actions.map((action) => (
              <Spotlight.Action
                key={action.id}
                className={classes.action}
                leftSection={action.icon}
                label={action.label}
                onClick={action.run}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {found.length === 0 && shown.length === 0 && <Spotlight.Empty>{t("finder.nothing")}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** The list is a scroll area, which its types do not tell: what scrolls has a name, and is reached by the keyboard. */
function scrolledByKeys(name: string): object {
  return { viewportProps: { tabIndex: 0, role: "group", "aria-label": name } };
}

/** Keeps the Enter that ends a composed word from choosing something; some browsers send it after the composition. */
function leaveComposing(event: KeyboardEvent): void {
  if (event.nativeEvent.isComposing || event.keyCode === 229) event.stopPropagation();
}
