import { withoutSecrets } from "../sessions/create/draft";
import { NEW_VARIABLE, type Provisions } from "../sessions/create/provisions";
import { NEW_SERVER, type Pair } from "../sessions/create/servers";

/**
 * What was typed and not saved yet, kept in the browser, without the values of secrets: whoever opens it later must not
 * read them. What an older release or somebody else wrote there is not trusted.
 */

const PREFIX = "ccplant.draft.";
const MOST = 100_000;

const NEW_PAIR: Pair = { name: "", value: "" };
/** The lists whose items are no texts, and what an item is like. */
const ROWS: Readonly<Record<string, object>> = { env: NEW_VARIABLE, servers: NEW_SERVER, secrets: NEW_PAIR };

type Fits = (value: unknown, like: unknown) => boolean;

/** Whether a value has the shape of its default; lists hold texts. */
function fits(value: unknown, like: unknown): boolean {
  if (Array.isArray(like)) return Array.isArray(value) && value.every((each) => typeof each === "string");
  // an emptied field of a number is the empty text
  if (typeof like === "number" || like === "") return typeof value === "number" || typeof value === "string";
  return typeof value === typeof like;
}

/** A row has no fields of numbers. */
function fitsRow(value: unknown, like: unknown): boolean {
  return typeof value === typeof like;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merged<T extends object>(kept: unknown, like: T, fit: Fits = fits): T {
  if (!isObject(kept)) return like;
  const found = Object.entries(like).map(([name, known]: [string, unknown]) => {
    const value = kept[name];
    const row = Array.isArray(known) && Object.hasOwn(ROWS, name) ? ROWS[name] : undefined;
    if (row !== undefined) return [name, Array.isArray(value) && value.every(isObject) ? value.map((each) => merged(each, row, fitsRow)) : known];
    if (isObject(known)) return [name, merged(value, known)];
    return [name, value !== undefined && fit(value, known) ? value : known];
  });
  return Object.fromEntries(found) as T;
}

/** The draft, completed by the values that it would begin with; nothing where there is none. */
export function loadDraft<T extends object>(name: string, like: T): T | undefined {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? undefined : merged(JSON.parse(kept), like);
  } catch {
    return undefined;
  }
}

export function saveDraft(name: string, values: { session: Pick<Provisions, "env" | "servers"> }): void {
  const text = JSON.stringify({ ...values, session: withoutSecrets(values.session) });
  if (text.length > MOST) return;
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    // a full or closed storage: the form works without
  }
}

export function dropDraft(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // as above
  }
}
