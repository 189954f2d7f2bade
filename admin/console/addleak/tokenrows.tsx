import { useEffect, useState } from "preact/hooks";
import { Icon } from "../parts/icons.tsx";
import { counted, fullNumber } from "../words.ts";
import { masked } from "./knowntokens.ts";
import type { Tokens } from "./tokens.ts";

/** Rows that are drawn; more are counted and sent all the same. */
const DRAWN = 100;
const FILE_BYTES_MAX = 24 * 1024 * 1024;

interface TokenRowsProps {
  readonly tokens: Tokens;
  /** Whether the form was sent without any. */
  readonly isInvalid: boolean;
}

/** The tokens of a leak, masked, one a row: typed, pasted with whatever stands around them, or from a file. */
export function TokenRows({ tokens, isInvalid }: TokenRowsProps) {
  const { rows, setRows, said, say, isSearching, typed, pasted, addTyped, addFrom } = tokens;
  const [isPasting, setPasting] = useState(false);
  useEffect(() => {
    if (isPasting) pasted.current?.focus();
  }, [isPasting]);

  const addPasted = async () => {
    if (!(await addFrom(pasted.current!.value, "the lines")) || pasted.current === null) return;
    pasted.current.value = "";
    setPasting(false);
  };
  const addFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > FILE_BYTES_MAX)
      return say("The file is larger than 24 MiB; leakgate leaks add takes larger ones.");
    await addFrom(await file.text(), file.name);
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
          aria-invalid={isInvalid}
          aria-describedby="tokens-said"
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
            void addFrom(text, "what you pasted");
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
            disabled={isSearching}
            // It bubbles: to choose no file is not to leave the dialog.
            onCancel={(event) => event.stopPropagation()}
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
            <button type="button" class="button small" disabled={isSearching} onClick={addPasted}>
              Find tokens
            </button>
          </div>
        </div>
      )}
      <p id="tokens-said" class="hint" aria-live="polite">
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
              onClick={() => setRows(rows.filter(({ number }) => number !== row.number))}
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
