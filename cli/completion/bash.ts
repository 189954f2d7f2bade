import { type Place, quoted, steps, valueFlags } from "./places.ts";

/** For bash: a function, and the line that makes it complete `leakgate`. */
export function bashScript(places: readonly Place[]): string {
  return `# Completion of leakgate for bash; made by: leakgate completion bash
_leakgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at= words= i
  # Bash takes --flag=value for three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $before == "=" ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for (( i = 1; i < COMP_CWORD; i++ )); do
    case "$at \${COMP_WORDS[i]}" in
      ${steps(places)}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$before" in
${places.flatMap(values).join("\n")}
  esac
  case "$at" in
${places.map(words).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _leakgate leakgate
`;
}

function values(place: Place): string[] {
  const { named, free } = valueFlags(place);
  const lines = named.map(
    ({ text, choices }) =>
      `    ${quoted(`${place.path}:${text}`)}) COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$current")); return ;;`,
  );
  if (free.length === 0) return lines;
  // An empty answer: bash then completes the names of files.
  const patterns = free.map(({ text }) => quoted(`${place.path}:${text}`)).join(" | ");
  return [...lines, `    ${patterns}) COMPREPLY=(); return ;;`];
}

function words({ path, words, options }: Place): string {
  const all = [...words, ...options].map(({ text }) => text).join(" ");
  return `    ${quoted(path)}) words=${quoted(all)} ;;`;
}
