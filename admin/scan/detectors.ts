import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { JournalAction } from "../../rules/journal.ts";
import type { SourceOptions } from "../../rules/source.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { Detector } from "../detect/detector.ts";
import { type GitleaksRules, readGitleaks } from "../detect/gitleaks.ts";
import type { Inventory } from "../detect/inventory.ts";
import type { ScanConfig } from "./config.ts";
import { registeredTokens } from "./registered.ts";

/** What changes which tokens a tenant's detector knows; all else of the journal leaves it as it is. */
const CHANGES: ReadonlySet<JournalAction> = new Set([
  "leak.register",
  "leak.import",
  "leak.mark_false",
  "leak.reopen",
  "tokens.add",
  "token.remove",
  "token.mark_false",
  "token.reopen",
  "inventory.add",
  "inventory.remove",
]);
/** Entries that are looked through; after more the tokens are read anew without looking. */
const ENTRIES_MAX = 2_000;

/** What is known of one tenant. */
interface Known {
  /** Of the journal, up to which `tokens` is right. */
  revision: number;
  readonly tokens: Inventory;
  /** By the options that make it another one. */
  readonly detectors: Map<string, Detector>;
}

/**
 * The detectors of the tenants: declared formats, rules files, the inventory and the tokens of all leaks, made anew only where
 * the journal says that one of them changed. One is made at a time.
 */
export class Detectors {
  readonly #config: ScanConfig;
  readonly #rules = new Map<string, GitleaksRules>();
  /** The rules files by name, with the digests of their contents. */
  readonly #texts: [name: string, digest: string][] = [];
  readonly #known = new Map<string, Known>();
  #making: Promise<unknown> = Promise.resolve();

  /** Reads the rules files. Throws an Error that names the one that cannot be used. */
  constructor(config: ScanConfig) {
    this.#config = config;
    for (const [name, file] of Object.entries(config.rules)) {
      try {
        this.#rules.set(name, readGitleaks(file));
        this.#texts.push([name, hash("sha256", readFileSync(file), "hex")]);
      } catch (error) {
        throw new Error(`scan.rules: ${name}: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  /** What of the rules files was left out, a line each. */
  get problems(): string[] {
    return [...this.#rules].flatMap(([name, { problems }]) =>
      problems.map((problem) => `${name}: ${problem}`),
    );
  }

  /**
   * Tells apart what is looked for: another version, other formats, rules or live tokens may find more in what was read before.
   * Tokens of leaks do not count: whoever registers one knows where it leaked.
   */
  digestOf(tenant: Tenant, { rules, assignments }: SourceOptions, version: string): string {
    const listed = tenant.store.inventory.list().map(({ name, tokens, addedAt }) => [name, tokens, addedAt]);
    const by = [version, rules, assignments, this.#config.formats, this.#texts, listed];
    return hash("sha256", JSON.stringify(by), "base64url");
  }

  of(tenant: Tenant, { rules, assignments }: SourceOptions): Promise<Detector> {
    const made = this.#making.then(async () => {
      const known = await this.#upToDate(tenant);
      const name = `${assignments} ${rules ?? ""}`;
      const detector = known.detectors.get(name) ?? this.#make(known.tokens, rules, assignments);
      known.detectors.set(name, detector);
      return detector;
    });
    this.#making = made.catch(() => {});
    return made;
  }

  async #upToDate(tenant: Tenant): Promise<Known> {
    const revision = tenant.store.revision();
    const before = this.#known.get(tenant.name);
    if (before !== undefined && !hasChanged(tenant, before.revision, revision)) {
      before.revision = revision;
      return before;
    }
    const tokens = await registeredTokens(tenant);
    const known: Known = { revision, tokens, detectors: new Map() };
    this.#known.set(tenant.name, known);
    return known;
  }

  #make(inventory: Inventory, rules: string | null, assignments: boolean): Detector {
    const files = [...this.#rules]
      .filter(([name]) => rules === null || rules === name)
      .map(([, each]) => each);
    return Detector.of({ formats: this.#config.formats, gitleaks: files, inventory, assignments });
  }
}

function hasChanged({ store }: Tenant, from: number, to: number): boolean {
  if (to - from > ENTRIES_MAX) return true;
  return store.entriesAfter(from, to - from).some(({ action }) => CHANGES.has(action));
}
