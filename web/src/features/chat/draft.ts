import { useEffect, useState } from "react";

const MOST = 200_000;

/** A text that is being written, kept in this browser until it was sent; a browser that keeps nothing breaks nothing. */
export function useDraft(name: string): [string, (text: string) => void] {
  const key = `ccplant.draft.${name}`;
  const [text, setText] = useState(() => read(key));
  useEffect(() => {
    try {
      if (text === "") localStorage.removeItem(key);
      else if (text.length <= MOST) localStorage.setItem(key, text);
    } catch {
      // a full or closed storage: the text stays on the page
    }
  }, [key, text]);
  return [text, setText];
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
