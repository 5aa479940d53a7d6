/**
 * What a key asks the shell for: pure. Two keys make a chord (`g`, then the letter of a section) when the second comes
 * soon; a lone `g` is nothing.
 */

export type Wish = { kind: "finder" | "keys" | "new" } | { kind: "go"; key: string } | { kind: "chord" };

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** Whether somebody is writing: in a field, or a word that is still being composed. */
  writing: boolean;
  /** Whether single keys act: they can be switched off, for whoever speaks to the machine. */
  single: boolean;
}

export const CHORD_MS = 1_500;

export function wishOf(pressed: Key, sinceChord: number): Wish | undefined {
  const key = pressed.key.toLowerCase();
  if ((pressed.ctrlKey || pressed.metaKey) && !pressed.altKey && key === "k") {
    return pressed.ctrlKey && pressed.metaKey ? undefined : { kind: "finder" };
  }
  if (pressed.writing || !pressed.single || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined;
  if (sinceChord <= CHORD_MS && /^[a-z]$/.test(key) && key !== "g") return { kind: "go", key };
  switch (key) {
    case "?":
      return { kind: "keys" };
    case "/":
      return { kind: "finder" };
    case "n":
      return { kind: "new" };
    case "g":
      return { kind: "chord" };
    default:
      return undefined;
  }
}
