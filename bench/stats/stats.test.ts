import { describe, expect, test } from "vitest";
import { bootstrap, estimate, paired } from "./bootstrap.ts";
import { Random } from "./random.ts";
import { spread } from "./spread.ts";

describe("spread", () => {
  test("takes the middle of an odd count and the mean of the two middles of an even one", () => {
    expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(spread([])).toEqual({ median: 0, min: 0, max: 0 });
  });
});

describe("bootstrap", () => {
  test("of equal values is that value", () => {
    expect(bootstrap([7, 7, 7, 7, 7])).toEqual({ low: 7, high: 7 });
  });

  test("lies around the median, within the range, and is the same each time", () => {
    const values = [1.02, 1.1, 1.05, 0.98, 1.2, 1.07, 1.04];
    const { low, high } = bootstrap(values);
    expect(low).toBeGreaterThanOrEqual(0.98);
    expect(low).toBeLessThanOrEqual(1.05);
    expect(high).toBeGreaterThanOrEqual(1.05);
    expect(high).toBeLessThanOrEqual(1.2);
    expect(bootstrap(values)).toEqual({ low, high });
  });

  test("is narrower with more rounds of the same spread", () => {
    const random = Random.of("1");
    const few = bootstrap(Array.from({ length: 5 }, () => random.next()));
    const many = bootstrap(Array.from({ length: 200 }, () => random.next()));
    expect(many.high - many.low).toBeLessThan(few.high - few.low);
  });

  test("knows nothing without values", () => {
    expect(estimate([])).toBeNull();
    expect(estimate([2])).toMatchObject({ median: 2, low: 2, high: 2, rounds: 1 });
  });
});

describe("paired", () => {
  test("divides round by round and leaves out rounds without a partner", () => {
    expect(paired([2, 3, null, 8, 9], [1, 2, 3, null])).toEqual([2, 1.5]);
    expect(paired([1], [0])).toEqual([]);
  });
});

describe("shuffled", () => {
  test("keeps all, is the same for a seed, and another for another", () => {
    const items = Array.from({ length: 20 }, (_, index) => index);
    const once = Random.of("1").shuffle([...items]);
    expect(once.toSorted((a, b) => a - b)).toEqual(items);
    expect(Random.of("1").shuffle([...items])).toEqual(once);
    expect(Random.of("2").shuffle([...items])).not.toEqual(once);
  });
});
