import { describe, expect, it } from "vitest";

import { pathOf, pointsOf } from "./samples";

const at = (second: number): string => new Date(second * 1000).toISOString();

describe("the line of samples", () => {
  it("leaves out what was not measured, and keeps time's order", () => {
    const points = pointsOf([{ at: at(20), value: 2 }, { at: at(10), value: null }, { at: at(0), value: 1 }]);
    expect(points.map((each) => each.value)).toEqual([1, 2]);
  });

  it("loses no peak of many samples", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ at: at(index), value: index === 3_333 ? 99 : 1 }));
    const points = pointsOf(many);
    expect(points.length).toBeLessThanOrEqual(240);
    expect(Math.max(...points.map((each) => each.value))).toBe(99);
  });

  it("draws by time, with the limit at the top and nothing beyond it", () => {
    const points = [{ at: 0, value: 0 }, { at: 10, value: 2 }, { at: 40, value: 8 }];
    expect(pathOf(points, 4, 100, 20)).toBe("M0.0,20.0L25.0,10.0L100.0,0.0");
  });

  it("draws no line through one point", () => {
    expect(pathOf([{ at: 0, value: 1 }], 4, 100, 20)).toBe("");
  });
});
