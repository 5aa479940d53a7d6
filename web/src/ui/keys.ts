/** What the key for commands is called on this machine. */
export function modKey(): "⌘" | "Ctrl" {
  return /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘" : "Ctrl";
}

/** Whether a key is part of writing: in a field, or of a word that an input method is still composing. */
export function isWriting(event: KeyboardEvent): boolean {
  if (event.isComposing || event.keyCode === 229) return true;
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}
