/** Notices of the desktop: asked for by a click alone, and silent where the browser has none. */

export type Permission = "granted" | "denied" | "default" | "unsupported";

function permission(): Permission {
  return "Notification" in window ? Notification.permission : "unsupported";
}

async function ask(): Promise<Permission> {
  if (!("Notification" in window)) return "unsupported";
  return Notification.permission === "default" ? Notification.requestPermission() : Notification.permission;
}

/** Shows one; the same tag replaces the earlier one, so that several tabs say it once. */
function show(tag: string, title: string, body: string, onClick: () => void): void {
  if (permission() !== "granted") return;
  try {
    const notice = new Notification(title, { body, tag });
    notice.addEventListener("click", () => {
      window.focus();
      notice.close();
      onClick();
    });
  } catch {
    // browsers of phones have the name and refuse its use: the title and the icon still tell
  }
}

export const desktopNotices = { permission, ask, show } as const;
