import { get } from "node:http";
import type { Contender, Started } from "./contenders.ts";
import { request } from "./load.ts";
import { listedToken, unlistedToken } from "./tokens.ts";

/** What a contender did with one request of each kind. */
export interface Parity {
  readonly name: string;
  readonly unlisted: number;
  /** The first, the middle and the last of its tokens, or the first where it has none. */
  readonly listed: readonly number[];
  readonly blocks: boolean;
}

/** Shows that a contender passes an unlisted token, and blocks listed ones where it knows any; throws where it does not. */
export async function checkParity({ name, tokens }: Contender, { port }: Started): Promise<Parity> {
  const unlisted = await statusOf(port, unlistedToken(0));
  const numbers = [...new Set([0, tokens >> 1, Math.max(0, tokens - 1)])];
  const listed = await Promise.all(numbers.map((number) => statusOf(port, listedToken(number))));
  const wanted = tokens > 0 ? 403 : 200;
  if (unlisted !== 200 || listed.some((status) => status !== wanted)) {
    throw new Error(
      `${name}: an unlisted token got ${unlisted}, not 200, or a listed one ${listed}, not ${wanted}`,
    );
  }
  return { name, unlisted, listed, blocks: tokens > 0 };
}

/** The status of the workload's request with this token; a 200 must carry the upstream's body. */
function statusOf(port: number, token: string): Promise<number> {
  const { path, headers } = request(token);
  return new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path, headers, agent: false, timeout: 5_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200 && !text.includes("made-up order"))
          reject(new Error(`port ${port}: a 200 came without the upstream's body`));
        else resolve(answer.statusCode ?? 0);
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`port ${port}: no answer within 5 s`)));
    asked.on("error", reject);
  });
}
