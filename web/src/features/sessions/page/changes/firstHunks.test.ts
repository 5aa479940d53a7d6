import { parseDiff } from "react-diff-view";
import { expect, it } from "vitest";

import { firstHunks } from "./firstHunks";

const DIFF = `diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
@@ -10,2 +10,3 @@
 ten
+elf
 twelve
`;

it("shows everything of what is short, and only the first lines of what is long", () => {
  const hunks = parseDiff(DIFF)[0]?.hunks ?? [];
  expect(firstHunks(hunks)).toEqual({ hunks, cut: false });
  const few = firstHunks(hunks, 5);
  expect(few.cut).toBe(true);
  expect(few.hunks.map((hunk) => hunk.changes.length)).toEqual([4, 1]);
  expect(firstHunks(hunks, 4)).toEqual({ hunks: [hunks[0]], cut: true });
});
