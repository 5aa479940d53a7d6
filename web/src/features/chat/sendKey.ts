import type { Preferences } from "../../ui/preferences";

/** What a key does in the field of a message; pure. */

const COMPOSING = 229;

export interface Pressed {
  key: string;
  keyCode: number;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

/** Whether this key sends. The Enter that ends the choice of a Japanese word never does: browsers tell it in two ways. */
export function sends(pressed: Pressed, sendWith: Preferences["sendWith"]): boolean {
  if (pressed.key !== "Enter" || pressed.isComposing || pressed.keyCode === COMPOSING) return false;
  if (pressed.ctrlKey || pressed.metaKey) return !pressed.shiftKey && !pressed.altKey;
  return sendWith === "enter" && !pressed.shiftKey && !pressed.altKey;
}
