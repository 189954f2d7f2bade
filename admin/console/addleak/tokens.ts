import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { counted, share } from "../words.ts";
import { type Found, type FoundToken, findTokens, findTokensInTurns } from "./findtokens.ts";
import { kindOf } from "./knowntokens.ts";

/** One token that is about to be sent. */
export interface TokenRow {
  readonly number: number;
  readonly text: string;
  readonly kind: string;
  /** Why the API did not take it. */
  readonly refusal: string | null;
}

/** The tokens of a form, and what was entered of others. */
export interface Tokens {
  readonly rows: readonly TokenRow[];
  readonly setRows: (rows: readonly TokenRow[]) => void;
  /** What happened last, in a sentence. */
  readonly said: string;
  readonly say: (said: string) => void;
  readonly isSearching: boolean;
  /** The field of one token, and that of many lines while it is there. */
  readonly typed: RefObject<HTMLInputElement | null>;
  readonly pasted: RefObject<HTMLTextAreaElement | null>;
  /** Adds what is typed as a token, or the tokens in it. */
  readonly addTyped: () => void;
  /** Adds the tokens in the text, and resolves with whether there were any. */
  readonly addFrom: (text: string, where: string) => Promise<boolean>;
  /** Adds what was entered and not added yet. Resolves with the rows, or with why they are not all. */
  readonly complete: () => Promise<readonly TokenRow[] | string>;
  /** Whether something would be lost by leaving. */
  readonly isFilled: () => boolean;
}

let numbers = 0;

/** The rows with those of `found` that are not there yet. */
export function withTokens(rows: readonly TokenRow[], found: readonly FoundToken[]): TokenRow[] {
  const known = new Set(rows.map(({ text }) => text));
  const added: TokenRow[] = [];
  for (const { text, kind } of found) {
    if (known.has(text)) continue;
    known.add(text);
    numbers += 1;
    added.push({ number: numbers, text, kind, refusal: null });
  }
  return [...rows, ...added];
}

/** The tokens in what was typed; where none is recognized it is one itself. */
export function typedTokens(text: string): readonly FoundToken[] {
  const { tokens } = findTokens(text);
  return tokens.length > 0 ? tokens : [{ text, kind: kindOf(text) }];
}

/** What was made of a text: `12 lines, 10 tokens; 2 lines gave none.` `fresh`: how many were not there before. */
export function foundWords(found: Found, fresh: number, where: string): string {
  const { tokens, lines, barrenLines, spacedValues } = found;
  const spaced =
    spacedValues === 0 ? "" : ` ${counted(spacedValues, "value")} with blanks left out: no token has any.`;
  if (tokens.length === 0) return `No token was found in ${where}.${spaced} Add it by itself, above.`;
  const barren = barrenLines === 0 ? "" : `; ${counted(barrenLines, "line")} gave none`;
  const there = tokens.length - fresh;
  const already = there === 0 ? "" : ` ${counted(there, "token")} had been added before.`;
  return `In ${where}: ${counted(lines, "line")}, ${counted(tokens.length, "token")}${barren}.${already}${spaced}`;
}

/** The tokens of a form, in the page alone: they are gone with the form. `onTouched`: a person adds some, or takes one away. */
export function useTokens(onTouched: () => void): Tokens {
  const [rows, drawRows] = useState<readonly TokenRow[]>([]);
  const [said, say] = useState("");
  const [isSearching, setSearching] = useState(false);
  const typed = useRef<HTMLInputElement>(null);
  const pasted = useRef<HTMLTextAreaElement>(null);
  // A search takes turns: what was added meanwhile stays.
  const current = useRef<readonly TokenRow[]>([]);
  const leaving = useRef(new AbortController());
  useEffect(
    () => () => {
      leaving.current.abort();
      current.current = [];
    },
    [],
  );

  const setRows = (next: readonly TokenRow[]) => {
    current.current = next;
    drawRows(next);
  };
  const add = (found: readonly FoundToken[]) => {
    const before = current.current.length;
    setRows(withTokens(current.current, found));
    return current.current.length - before;
  };
  const addTyped = () => {
    const text = typed.current?.value.trim() ?? "";
    if (text === "") return;
    const fresh = add(typedTokens(text));
    typed.current!.value = "";
    say(fresh === 0 ? "It had been added before." : `${counted(fresh, "token")} added.`);
  };
  const addFrom = async (text: string, where: string) => {
    setSearching(true);
    let tenths = 0;
    const onShare = (done: number) => {
      if (Math.floor(done * 10) === tenths) return;
      tenths = Math.floor(done * 10);
      say(`Looking for tokens in ${where}: ${share(tenths, 10)}`);
    };
    try {
      const found = await findTokensInTurns(text, onShare, leaving.current.signal);
      say(foundWords(found, add(found.tokens), where));
      return found.tokens.length > 0;
    } catch {
      // The form was left.
      return false;
    } finally {
      setSearching(false);
    }
  };
  const complete = async () => {
    if (isSearching) return "Tokens are still looked for. Wait for the end of that.";
    addTyped();
    const lines = pasted.current?.value.trim() ?? "";
    if (lines !== "") {
      if (!(await addFrom(lines, "the lines"))) return "No token was found in the lines that you pasted.";
      pasted.current!.value = "";
    }
    return current.current.length === 0 ? "Add at least one token." : current.current;
  };
  const isFilled = () =>
    current.current.length > 0 || `${typed.current?.value ?? ""}${pasted.current?.value ?? ""}`.trim() !== "";
  /** By a person's hand, and not by the form itself. */
  const touching =
    <Given extends unknown[], Result>(act: (...given: Given) => Result) =>
    (...given: Given) => {
      onTouched();
      return act(...given);
    };
  return {
    rows,
    setRows: touching(setRows),
    said,
    say,
    isSearching,
    typed,
    pasted,
    addTyped: touching(addTyped),
    addFrom: touching(addFrom),
    complete,
    isFilled,
  };
}
