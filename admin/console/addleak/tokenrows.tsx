import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icons.tsx";
import { counted, fullNumber } from "../words.ts";
import { findTokens, kindOf, masked } from "./findtokens.ts";

/** One token that is about to be sent. */
export interface TokenRow {
  readonly number: number;
  readonly text: string;
  readonly kind: string;
  /** Why the API did not take it. */
  readonly refusal: string | null;
}

/** Rows that are drawn; more are counted and sent all the same. */
const DRAWN = 100;
const FILE_BYTES_MAX = 24 * 1024 * 1024;
let numbers = 0;

/** The rows with those of `texts` that are not there yet. */
export function withTokens(rows: readonly TokenRow[], texts: readonly string[]): TokenRow[] {
  const known = new Set(rows.map(({ text }) => text));
  const added: TokenRow[] = [];
  for (const text of texts) {
    if (known.has(text)) continue;
    known.add(text);
    numbers += 1;
    added.push({ number: numbers, text, kind: kindOf(text), refusal: null });
  }
  return [...rows, ...added];
}

interface TokenRowsProps {
  readonly rows: readonly TokenRow[];
  readonly onRows: (rows: readonly TokenRow[]) => void;
}

/** The tokens of a leak, masked, one a row: typed, pasted with whatever stands around them, or from a file. */
export function TokenRows({ rows, onRows }: TokenRowsProps) {
  const [said, setSaid] = useState("");
  const [isPasting, setPasting] = useState(false);
  const pasted = useRef<HTMLTextAreaElement>(null);
  const typed = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isPasting) pasted.current?.focus();
  }, [isPasting]);

  const search = (text: string, where: string) => {
    const found = findTokens(text).map((token) => token.text);
    const next = withTokens(rows, found);
    const fresh = next.length - rows.length;
    setSaid(
      found.length === 0
        ? `No token was found in ${where}. Add it by itself, above.`
        : `${counted(fresh, "token")} added from ${where}${fresh < found.length ? ", the others were there" : ""}.`,
    );
    onRows(next);
    return found.length;
  };
  const addTyped = () => {
    const text = typed.current!.value.trim();
    if (text === "") return;
    onRows(withTokens(rows, [text]));
    typed.current!.value = "";
    setSaid("One token added.");
  };
  const addFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > FILE_BYTES_MAX)
      return setSaid("The file is larger than 24 MiB; leakgate leaks add takes larger ones.");
    search(await file.text(), file.name);
  };
  const shown = [
    ...rows.filter(({ refusal }) => refusal !== null),
    ...rows.filter(({ refusal }) => refusal === null),
  ];

  return (
    <fieldset class="field tokens-field">
      <legend class="label">
        Tokens <span class="quiet">{fullNumber(rows.length)}</span>
      </legend>
      <div class="token-entry">
        <input
          ref={typed}
          type="password"
          aria-label="Token"
          placeholder="Type or paste one token"
          autocomplete="off"
          spellcheck={false}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            addTyped();
          }}
          onPaste={(event) => {
            const text = event.clipboardData?.getData("text") ?? "";
            // One word is typed into the field; of more than that the tokens are looked for.
            if (!/\s\S/.test(text.trim())) return;
            event.preventDefault();
            search(text, "what you pasted");
          }}
        />
        <button type="button" class="button" onClick={addTyped}>
          Add
        </button>
      </div>
      <div class="token-ways">
        <button
          type="button"
          class="quiet-button"
          aria-expanded={isPasting}
          onClick={() => setPasting(!isPasting)}
        >
          <Icon name="copy" size={16} /> Paste many lines
        </button>
        <label class="quiet-button file-button">
          <Icon name="file" size={16} /> From a file
          <input
            type="file"
            class="for-readers"
            onChange={(event) => {
              const input = event.currentTarget;
              void addFile(input.files?.[0]).then(() => {
                input.value = "";
              });
            }}
          />
        </label>
      </div>
      {isPasting && (
        <div class="field">
          <label for="pasted">A curl command, an .env, a HAR, a log, or one token a line</label>
          <textarea id="pasted" ref={pasted} rows={5} spellcheck={false} autocomplete="off" />
          <div>
            <button
              type="button"
              class="button small"
              onClick={() => {
                if (search(pasted.current!.value, "the lines") === 0) return;
                pasted.current!.value = "";
                setPasting(false);
              }}
            >
              Find tokens
            </button>
          </div>
        </div>
      )}
      <p class="hint" aria-live="polite">
        {said}
      </p>
      <ul class="token-rows">
        {shown.slice(0, DRAWN).map((row) => (
          <li key={row.number} class={row.refusal === null ? "" : "is-refused"}>
            <code>{masked(row.text)}</code>
            <span class="badge">{row.kind}</span>
            {row.refusal !== null && (
              <span class="refused" role="alert">
                {row.refusal}
              </span>
            )}
            <button
              type="button"
              class="icon-button"
              aria-label={`Remove token ${masked(row.text)}`}
              onClick={() => onRows(rows.filter(({ number }) => number !== row.number))}
            >
              <Icon name="close" size={14} />
            </button>
          </li>
        ))}
      </ul>
      {rows.length > DRAWN && (
        <p class="hint">and {counted(rows.length - DRAWN, "more token", "more tokens")}</p>
      )}
    </fieldset>
  );
}
