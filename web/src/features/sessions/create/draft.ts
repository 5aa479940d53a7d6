import type { Provisions } from "./provisions";
import { EMPTY, type Values } from "./values";

/** What was typed survives a reload in this browser; values of secrets do not: they are kept nowhere. */

/** What was typed for what the form was opened with belongs to that alone: `of` is empty for a form that began empty. */
function nameOf(of: string): string {
  return `ccplant.draft.new-session${of === "" ? "" : `.${of}`}`;
}

const LAST = "ccplant.last-session";
const MOST_LETTERS = 200_000;

/** What was typed and not sent; undefined: nothing. */
export function loadDraft(of = ""): Values | undefined {
  return loaded(nameOf(of));
}

/** Keeps what was typed; what is as it `began` is none. */
export function saveDraft(values: Values, began: Values, of = ""): void {
  if (JSON.stringify(values) === JSON.stringify(began)) dropDraft(of);
  else save(nameOf(of), values);
}

export function dropDraft(of = ""): void {
  try {
    localStorage.removeItem(nameOf(of));
  } catch {
    // a browser that keeps nothing has nothing to drop
  }
}

/** What the last session was made of; undefined: there was none. */
export function loadLast(): Values | undefined {
  return loaded(LAST);
}

/** Keeps what comes again; a name and a first message are of one session alone. */
export function saveLast(values: Values): void {
  save(LAST, { ...values, name: "", message: "", volumeFrom: "" });
}

/** Without the values that somebody who opens this browser later must not read. */
export function withoutSecrets<T extends Pick<Provisions, "env" | "servers">>(values: T): T {
  return {
    ...values,
    env: values.env.map((each) => (each.secret ? { ...each, value: "" } : each)),
    servers: values.servers.map((server) => ({
      ...server,
      secrets: server.secrets.map((each) => ({ ...each, value: "" })),
    })),
  };
}

function save(key: string, values: Values): void {
  const text = JSON.stringify(withoutSecrets(values));
  try {
    if (text.length <= MOST_LETTERS) localStorage.setItem(key, text);
  } catch {
    // a browser that keeps nothing: the form still works
  }
}

function loaded(key: string): Values | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof kept !== "object" || kept === null) return undefined;
    const same = Object.entries(kept).filter(
      ([name, value]) =>
        name in EMPTY &&
        typeof value === typeof EMPTY[name as keyof Values] &&
        Array.isArray(value) === Array.isArray(EMPTY[name as keyof Values]),
    );
    return { ...EMPTY, ...Object.fromEntries(same) };
  } catch {
    return undefined;
  }
}
