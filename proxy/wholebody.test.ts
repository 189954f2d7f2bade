import { expect, test } from "vitest";
import { WholeBody } from "./wholebody.ts";

const MADE_UP = Buffer.from("made-up-body-0001");

test("a body in any pieces is the body, also where the pieces are written over afterwards", () => {
  for (let size = 1; size <= MADE_UP.length; size++) {
    const body = new WholeBody(MADE_UP.length);
    let whole: Buffer | null = null;
    for (let at = 0; at < MADE_UP.length; at += size) {
      expect(whole).toBeNull();
      const piece = Buffer.from(MADE_UP.subarray(at, at + size));
      whole = body.take(piece, at + size >= MADE_UP.length);
      if (whole === null) piece.fill(0);
    }
    expect(whole?.toString()).toBe(MADE_UP.toString());
  }
});

test("the end may come by itself", () => {
  const body = new WholeBody(100);
  expect(body.take(MADE_UP, false)).toBeNull();
  expect(body.take(Buffer.alloc(0), true)?.toString()).toBe(MADE_UP.toString());
  expect(new WholeBody(100).take(Buffer.alloc(0), true)).toHaveLength(0);
});

test("one that is too long is given up, whatever piece makes it so", () => {
  for (const first of [0, 1, MADE_UP.length]) {
    const body = new WholeBody(MADE_UP.length - 1);
    expect(body.take(MADE_UP.subarray(0, first), first === MADE_UP.length)).toBeNull();
    expect(body.take(MADE_UP.subarray(first), true)).toBeNull();
    expect(body.isTooLong).toBe(true);
  }
});
