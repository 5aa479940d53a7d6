import {
  IconCalendarTime,
  IconDatabase,
  IconLayoutDashboard,
  IconSettings,
  IconTerminal2,
  IconWebhook,
} from "@tabler/icons-react";

/** The parts of the product, in the order of the navigation; `key` is what follows `g` on the keyboard. */
export const SECTIONS = [
  { to: "/", label: "nav.dashboard", icon: IconLayoutDashboard, key: "d" },
  { to: "/sessions", label: "nav.sessions", icon: IconTerminal2, key: "s" },
  { to: "/webhooks", label: "nav.webhooks", icon: IconWebhook, key: "w" },
  { to: "/schedules", label: "nav.schedules", icon: IconCalendarTime, key: "c" },
  { to: "/volumes", label: "nav.volumes", icon: IconDatabase, key: "v" },
  { to: "/settings", label: "nav.settings", icon: IconSettings, key: "t" },
] as const;

export type Section = (typeof SECTIONS)[number];

export function isIn(path: string, section: Section["to"]): boolean {
  return path === section || (section !== "/" && path.startsWith(`${section}/`));
}

/** The section that an address belongs to. */
export function sectionOf(path: string): Section | undefined {
  return SECTIONS.find((section) => isIn(path, section.to));
}
