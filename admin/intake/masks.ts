import type { TokenDigest } from "../../rules/digest.ts";
import { MASK, maskTokens } from "../../rules/screen.ts";
import type { SightingInput } from "../../rules/sighting.ts";
import { bareText, TOKEN_BYTES_MIN } from "../../rules/token.ts";
import type { GivenFinding, TakeInTenant } from "./takein.ts";

/**
 * Takes tokens out of what a batch of findings says of itself: texts are kept, shown and sent around. A finding's own
 * token goes wherever it stands; others of the batch, those of any leak and plain ones of known formats go where they
 * are a word.
 */
export class Masks {
  private readonly tenant: TakeInTenant;
  private readonly own: ReadonlySet<string>;
  private readonly withHashes: boolean;
  private readonly seen = new Map<string, boolean>();

  constructor(tenant: TakeInTenant, digests: readonly (TokenDigest | null)[]) {
    this.tenant = tenant;
    this.withHashes =
      tenant.store.hasHashes() || digests.some((token) => token !== null && token.hash !== undefined);
    this.own = new Set(digests.flatMap((token) => (token === null ? [] : [token.digest.toString("latin1")])));
  }

  /** Where it was seen and what is said of it, without tokens, and without the user name that a URL may hold. */
  clean(given: GivenFinding): { sighting: SightingInput; description: string | undefined } {
    const { url, path, author, commit, ...rest } = given.sighting;
    const sighting = {
      ...rest,
      // Last, since a token in it may hold the marks by which a user name is found.
      url: this.text(given, url)?.replace(/^([a-z+]+:\/\/)[^/?#]*@/i, "$1"),
      path: this.text(given, path),
      author: this.text(given, author),
      // Half a commit names none.
      commit: this.text(given, commit) === commit ? commit : null,
    };
    return { sighting, description: this.text(given, given.description) };
  }

  /** A text of the finding without tokens; undefined where there is none. */
  text({ token }: GivenFinding, text: string | null | undefined): string | undefined {
    if (typeof text !== "string") return undefined;
    const { pepper, store } = this.tenant;
    const without = typeof token === "string" ? withoutOwn(text, token) : text;
    const isToken = (digest: Buffer) =>
      this.own.has(digest.toString("latin1")) || store.leaksHolding(digest).length > 0;
    return maskTokens(without, pepper, isToken, this.withHashes, this.seen);
  }
}

/** The token goes as it was given, bare, and as a URL spells it; a JWT is one without its signature too. */
function withoutOwn(text: string, token: string): string {
  const bare = bareText(token);
  const spellings = [token.trim(), bare, encodeURIComponent(bare)];
  if (bare.startsWith("eyJ")) spellings.push(bare.replace(/\.[\w-]*$/, ""));
  let rest = text;
  for (const each of spellings) if (each.length >= TOKEN_BYTES_MIN) rest = rest.replaceAll(each, MASK);
  return rest;
}
