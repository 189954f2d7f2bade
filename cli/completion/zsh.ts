import { type Place, quoted, steps, valueFlags, type Word } from "./places.ts";

/** For zsh: to be sourced, or saved as `_leakgate` in a folder of `$fpath`. */
export function zshScript(places: readonly Place[]): string {
  return `#compdef leakgate
# Completion of leakgate for zsh; made by: leakgate completion zsh
_leakgate() {
  local at= before=$words[CURRENT-1] i
  local -a commands options
  for (( i = 2; i < CURRENT; i++ )); do
    case "$at $words[i]" in
      ${steps(places)}) at="\${at:+$at }$words[i]" ;;
    esac
  done
  case "$at:$before" in
${places.flatMap(values).join("\n")}
  esac
  case "$at" in
${places.map(words).join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o option options
  elif (( $#commands > 0 )); then
    _describe command commands
  else
    _files
  fi
}
if [[ $funcstack[1] == _leakgate ]]; then
  _leakgate "$@"
else
  compdef _leakgate leakgate
fi
`;
}

function values(place: Place): string[] {
  const { named, free } = valueFlags(place);
  const lines = named.map(
    ({ text, choices }) =>
      `    ${quoted(`${place.path}:${text}`)}) compadd -- ${choices.map(quoted).join(" ")}; return ;;`,
  );
  if (free.length === 0) return lines;
  const patterns = free.map(({ text }) => quoted(`${place.path}:${text}`)).join(" | ");
  return [...lines, `    ${patterns}) _files; return ;;`];
}

function words({ path, words, options }: Place): string {
  const described = (all: readonly Word[]) =>
    all.map(({ text, about }) => quoted(entry(text, about))).join(" ");
  return `    ${quoted(path)}) commands=(${described(words)}); options=(${described(options)}) ;;`;
}

/** A colon parts a word from what it is about. */
function entry(text: string, about: string): string {
  return about === ""
    ? text.replaceAll(":", "\\:")
    : `${text.replaceAll(":", "\\:")}:${about.replaceAll(":", "\\:")}`;
}
