import { expect, it } from "vitest";

import { linesOfDiff } from "./lines";

const shown = (before: string, after: string): string[] => linesOfDiff(before, after).map(({ mark, text }) => `${mark}${text}`);

it("shows what went and what came, with three lines around it", () => {
  expect(shown("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n")).toEqual([" b", " c", " d", "-e", "+E", " f", " g", " h"]);
});

it("shows a new file as lines that came, and an emptied one as lines that went", () => {
  expect(shown("", "a\nb\n")).toEqual(["+a", "+b"]);
  expect(shown("a\n", "")).toEqual(["-a"]);
  expect(shown("a\n", "a\n")).toEqual([" a"]);
});

it("tells a repeated line that was added from those that were there", () => {
  expect(shown("x\n", "x\nx\n")).toEqual([" x", "+x"]);
});
