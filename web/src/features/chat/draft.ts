import { useEffect, useState } from "react";

const MOST = 200_000;
const ADDED = "ccplant:draft";

/** A text that is being written, kept in this browser until it was sent; a browser that keeps nothing breaks nothing. */
export function useDraft(name: string): [string, (text: string) => void] {
  const key = keyOf(name);
  const [text, setText] = useState(() => read(key));
  useEffect(() => {
    try {
      if (text === "") localStorage.removeItem(key);
      else if (text.length <= MOST) localStorage.setItem(key, text);
    } catch {
      // a full or closed storage: the text stays on the page
    }
  }, [key, text]);
  useEffect(() => {
    const added = (event: Event): void => {
      const { detail } = event as CustomEvent<{ name: string; text: string }>;
      if (detail.name === name) setText((now) => joined(now, detail.text));
    };
    window.addEventListener(ADDED, added);
    return () => window.removeEventListener(ADDED, added);
  }, [name]);
  return [text, setText];
}

/** Puts a text that would be lost where it can be sent from, below what is being written there. */
export function addToDraft(name: string, text: string): void {
  window.dispatchEvent(new CustomEvent(ADDED, { detail: { name, text } }));
}

/** What was being written and was never sent. */
export function unsentDraft(name: string): string {
  return read(keyOf(name));
}

function joined(now: string, text: string): string {
  return now.trim() === "" ? text : `${now}\n${text}`;
}

function keyOf(name: string): string {
  return `ccplant.draft.${name}`;
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
