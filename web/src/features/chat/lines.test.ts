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

it("shows changes that are far from each other by themselves, and says how much stayed between", () => {
  const before = Array.from({ length: 40 }, (_, at) => `line ${at}`);
  const after = before.map((line, at) => (at === 5 || at === 30 ? line.toUpperCase() : line));
  const lines = shown(before.join("\n"), after.join("\n"));
  expect(lines).toEqual([
    " line 2", " line 3", " line 4", "-line 5", "+LINE 5", " line 6", " line 7", " line 8",
    "@18",
    " line 27", " line 28", " line 29", "-line 30", "+LINE 30", " line 31", " line 32", " line 33",
  ]);
});

it("keeps what stayed between two near changes", () => {
  expect(shown("a\nb\nc\nd\n", "A\nb\nc\nD\n")).toEqual(["-a", "+A", " b", " c", "-d", "+D"]);
});

it("is an edit that makes the new text of the old one, whatever they are", () => {
  let state = 7;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  for (let round = 0; round < 200; round += 1) {
    const make = () => Array.from({ length: random(7) }, () => "ab"[random(2)]).join("\n");
    const [before, after] = [make(), make()];
    const lines = linesOfDiff(before, after);
    const side = (mark: string) => lines.filter((line) => line.mark !== mark).map((line) => line.text).join("\n");
    // so few lines are all shown, but for what is more than three lines from the first and the last change
    expect(before).toContain(side("+"));
    expect(after).toContain(side("-"));
  }
});

it("gives up on texts that have nothing in common, in little time", () => {
  const make = (word: string) => Array.from({ length: 3_000 }, (_, at) => `${word} ${at}`).join("\n");
  expect(shown(make("old"), make("new"))).toHaveLength(6_000);
});
