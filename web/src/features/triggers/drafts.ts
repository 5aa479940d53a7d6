/** What was typed and not saved yet, kept in the browser; what an older release or somebody else wrote there is not trusted. */

const PREFIX = "ccplant.draft.";
const MOST = 100_000;

/** Whether a value has the shape of its default; lists hold texts. */
function fits(value: unknown, like: unknown): boolean {
  if (Array.isArray(like)) return Array.isArray(value) && value.every((each) => typeof each === "string");
  // an emptied field of a number is the empty text
  if (typeof like === "number" || like === "") return typeof value === "number" || typeof value === "string";
  return typeof value === typeof like;
}

function merged<T extends object>(kept: unknown, like: T): T {
  if (typeof kept !== "object" || kept === null || Array.isArray(kept)) return like;
  const values = kept as Record<string, unknown>;
  const found = Object.entries(like).map(([name, known]: [string, unknown]) => {
    const value = values[name];
    if (typeof known === "object" && known !== null && !Array.isArray(known)) return [name, merged(value, known)];
    return [name, value !== undefined && fits(value, known) ? value : known];
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

export function saveDraft(name: string, values: object): void {
  const text = JSON.stringify(values);
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
