import type { Spelling } from "./judge.ts";

/** A named way to write a request around a token; `without` names the kinds of token it cannot carry. */
export interface Case {
  readonly name: string;
  readonly spell: Spelling;
  readonly without: readonly string[];
}

export const one = (name: string, spell: Spelling, ...without: string[]): Case => ({ name, spell, without });
