import { describe, expect, it } from "vitest";

import { blocks } from "./blocks";

const whole = "# 見出し\n\n**太字（`x`）**は本文。\n\n```py\nprint(1)\n\nprint(2)\n```\n\n- one\n- two\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nend";

describe("the blocks of a text", () => {
  it("are the text, at every moment in which it is being written", () => {
    for (let length = 0; length <= whole.length; length += 1) {
      expect(blocks(whole.slice(0, length)).join("")).toBe(whole.slice(0, length));
    }
  });

  it("never cut a fenced block", () => {
    expect(blocks(whole).filter((block) => block.includes("print"))).toHaveLength(1);
  });

  it("keep a text with definitions of links in one piece", () => {
    expect(blocks("see [a]\n\nmore\n\n[a]: https://example.com")).toHaveLength(1);
  });
});
