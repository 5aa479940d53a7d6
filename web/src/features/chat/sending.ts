/**
 * One key for one message, over a reload too: the answer to a message may be lost and the message not, and whoever sends
 * the same again means the same one. Not for ever: some time later the same words are another message.
 */

const SAME_FOR_MS = 10 * 60_000;
const MOST_LETTERS = 200_000;

interface Kept {
  of: string;
  key: string;
  at: number;
}

/** The key of a message of a session; the one from before where it was tried a moment ago. */
export function keyOf(sessionId: string, message: unknown, now: number = Date.now()): string {
  const of = JSON.stringify(message);
  const kept = read(sessionId);
  if (kept?.of === of && now - kept.at < SAME_FOR_MS) return kept.key;
  const key = crypto.randomUUID();
  try {
    if (of.length <= MOST_LETTERS) sessionStorage.setItem(nameOf(sessionId), JSON.stringify({ of, key, at: now } satisfies Kept));
  } catch {
    // a browser that keeps nothing: the key holds for this try
  }
  return key;
}

/** The answer came: the same words are another message from now on. */
export function answered(sessionId: string): void {
  try {
    sessionStorage.removeItem(nameOf(sessionId));
  } catch {
    // nothing was kept
  }
}

function nameOf(sessionId: string): string {
  return `ccplant.sending.${sessionId}`;
}

function read(sessionId: string): Kept | undefined {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(nameOf(sessionId)) ?? "null");
    return typeof found === "object" && found !== null && "of" in found && "key" in found && "at" in found
      ? { of: String(found.of), key: String(found.key), at: Number(found.at) }
      : undefined;
  } catch {
    return undefined;
  }
}
