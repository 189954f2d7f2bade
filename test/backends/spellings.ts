import type { Spelling } from "./request.ts";
import { charsetSpellings } from "./spellings-charset.ts";
import { codingSpellings } from "./spellings-coding.ts";
import { formSpellings } from "./spellings-form.ts";
import { headSpellings } from "./spellings-head.ts";
import { jsonSpellings } from "./spellings-json.ts";

/** Every spelling that is measured, by where the token stands and what hides it. */
export const SPELLINGS: readonly Spelling[] = [
  ...headSpellings,
  ...jsonSpellings,
  ...formSpellings,
  ...charsetSpellings,
  ...codingSpellings,
];
