import type { Flag, Place } from "./places.ts";

/** For fish: to be sourced, or saved as `~/.config/fish/completions/leakgate.fish`. */
export function fishScript(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => inFish(path));
  return `# Completion of leakgate for fish; made by: leakgate completion fish
function __leakgate_at
    set -l at
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$at $word")
        if contains -- $next ${paths.join(" ")}
            set at $next
        end
    end
    test "$at" = "$argv[1]"
end
complete -c leakgate -e
${places.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ path, words, options }: Place): string[] {
  const where = `complete -c leakgate -n ${inFish(`__leakgate_at ${inFish(path)}`)}`;
  return [
    ...words.map(({ text, about }) => `${where} -f -a ${inFish(text)}${aboutOf(about)}`),
    ...options.map(
      (flag) => `${where} -l ${flag.text.replace(/^-+/, "")}${takingOf(flag)}${aboutOf(flag.about)}`,
    ),
  ];
}

function takingOf({ takesValue, choices }: Flag): string {
  if (!takesValue) return "";
  return choices.length === 0 ? " -r" : ` -x -a ${inFish(choices.join(" "))}`;
}

function aboutOf(about: string): string {
  return about === "" ? "" : ` -d ${inFish(about)}`;
}

/** Between single quotes fish reads a backslash before another, and before a quote. */
function inFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
