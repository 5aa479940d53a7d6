import type { HunkData } from "react-diff-view";

const MOST_LINES = 400;

/** As many lines as a page shows at once without stutter; pure. */
export function firstHunks(hunks: readonly HunkData[], most: number = MOST_LINES): { hunks: HunkData[]; cut: boolean } {
  const shown: HunkData[] = [];
  let lines = 0;
  for (const hunk of hunks) {
    const left = most - lines;
    if (left <= 0) return { hunks: shown, cut: true };
    if (hunk.changes.length > left) return { hunks: [...shown, { ...hunk, changes: hunk.changes.slice(0, left) }], cut: true };
    shown.push(hunk);
    lines += hunk.changes.length;
  }
  return { hunks: shown, cut: false };
}
