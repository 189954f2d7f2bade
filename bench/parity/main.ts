import { type Contender, contenders } from "../contenders.ts";
import { parseOptions } from "../options.ts";
import { holdTo, prove } from "./prove.ts";
import { lacksList, parityTable, reachTable } from "./tables.ts";

/**
 * Shows over real sockets, and measures nothing, that every contender passes and blocks the same requests, and in which
 * places of a request each finds a listed token.
 *
 *   npm run bench:parity                              all that are installed, with 100,000 tokens
 *   npm run bench:parity -- --only leakgate,haproxy   flags of bench/main.ts that choose contenders
 *
 * The tables go to standard output as Markdown. It fails where a contender does not do what it is measured for.
 */
async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(["--tokens", "0,100000", ...args]);
  const { found, absent } = contenders(options.tokens, options.peerTokens);
  const isWanted = ({ name, family }: Contender) =>
    options.only.length === 0 || options.only.includes(name) || options.only.includes(family);
  for (const name of absent) say(`${name} is not installed and is left out`);
  const proofs = await prove(found.filter(isWanted), say);
  console.log([parityTable(proofs), reachTable(proofs), lacksList(proofs)].join("\n\n"));
  holdTo(proofs);
}

function say(text: string): void {
  console.error(`parity: ${text}`);
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(`parity: ${(error as Error).message}`);
  process.exit(1);
}
