import { Argument, type Command } from "commander";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { placesOf } from "./completion/places.ts";
import { zshScript } from "./completion/zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof SCRIPTS;

/** `leakgate completion`: what a shell needs to complete our command line, made from the commands themselves. */
export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a shell's completion: source <(leakgate completion bash)")
    .addArgument(new Argument("<shell>").choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => {
      process.stdout.write(SCRIPTS[shell](placesOf(program)));
    });
}
