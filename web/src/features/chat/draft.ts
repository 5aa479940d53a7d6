import { useEffect, useState } from "react";

const MOST = 200_000;

/** A text that is being written, kept in this browser until it was sent. */
export function useDraft(name: string): [string, (text: string) => void] {
  const key = `ccplant.draft.${name}`;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? "");
  useEffect(() => {
    if (text === "") localStorage.removeItem(key);
    else if (text.length <= MOST) localStorage.setItem(key, text);
  }, [key, text]);
  return [text, setText];
}
