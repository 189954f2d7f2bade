import type { Command, Option } from "commander";

/** Where a person may be on the command line: after `leakgate leaks list`, say, whose path is `leaks list`. */
export interface Place {
  readonly path: string;
  /** What may come next: commands, and words of an argument. */
  readonly words: readonly Word[];
  readonly options: readonly Flag[];
}

export interface Word {
  readonly text: string;
  readonly about: string;
}

export interface Flag extends Word {
  readonly takesValue: boolean;
  /** The values it takes; empty where there are too many to name. */
  readonly choices: readonly string[];
}

const help: Flag = { text: "--help", about: "print help", takesValue: false, choices: [] };

/** All places of a command line, the program itself first. */
export function placesOf(program: Command): Place[] {
  const tops = program.commands.map((each) => each.name());
  const [top, ...others] = placesBelow(program, []);
  const helped = [{ text: "help", about: "tell more about a command" }];
  const helpPlace = { path: "help", words: tops.map((text) => ({ text, about: "" })), options: [] };
  return [{ ...top!, words: [...top!.words, ...helped] }, ...others, helpPlace];
}

function placesBelow(command: Command, path: readonly string[]): Place[] {
  const commands = command.commands.map((each) => ({ text: each.name(), about: each.description() }));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const words = [...commands, ...choices.map((text) => ({ text, about: "" }))];
  const options = [...command.options.filter(({ hidden }) => !hidden).map(flagOf), help];
  const place = { path: path.join(" "), words, options };
  return [place, ...command.commands.flatMap((each) => placesBelow(each, [...path, each.name()]))];
}

function flagOf({ long, short, description, required, optional, argChoices }: Option): Flag {
  return {
    text: long ?? short ?? "",
    about: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** In single quotes, as every shell here reads it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Patterns of a `case`: all places but the program itself, each behind its parent. */
export function steps(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== "")
    .map(({ path }) => quoted(path.includes(" ") ? path : ` ${path}`))
    .join(" | ");
}

/** Flags of a place with a value: those whose values are known, and those whose are not. */
export function valueFlags({ options }: Place): {
  readonly named: readonly Flag[];
  readonly free: readonly Flag[];
} {
  const taking = options.filter(({ takesValue }) => takesValue);
  return {
    named: taking.filter(({ choices }) => choices.length > 0),
    free: taking.filter(({ choices }) => choices.length === 0),
  };
}
