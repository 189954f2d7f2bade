import { FORMATS } from "../../rules/formats.ts";
import type { AllowList } from "./allow.ts";
import { assignmentAt, assignmentWords } from "./assignment.ts";
import { type DeclaredFormat, declaredRule } from "./declared.ts";
import type { Finding, Stretch } from "./finding.ts";
import type { GitleaksRules } from "./gitleaks.ts";
import type { Inventory, InventoryLook } from "./inventory.ts";
import { Keywords } from "./keywords.ts";
import { KnownFormat } from "./known.ts";
import { hasCompanions, type PatternRule } from "./pattern.ts";
import { Scanning, type Search } from "./scanning.ts";
import type { Window } from "./window.ts";

/** Says on a line that what stands there is known and no secret. A listed token is told of all the same. */
const ALLOWED_LINE = /(?:leakgate|gitleaks):allow/;

export interface DetectorOptions {
  /** Formats that the operator declares, beside those of the table. */
  readonly formats?: readonly DeclaredFormat[];
  /** Rules files, read by `readGitleaks`. */
  readonly gitleaks?: readonly GitleaksRules[];
  /** The team's live tokens. */
  readonly inventory?: Inventory | null;
  /** Rules of the table that are switched off: `jwt`. */
  readonly disabled?: readonly string[];
  readonly allow?: readonly AllowList[];
  /** Also values of names that sound secret: many of them are none. Default false. */
  readonly assignments?: boolean;
  /** What becomes of a blob with NUL bytes; default `scan`. */
  readonly binary?: "scan" | "skip";
}

/** Whom to ask about a place where a word stands. */
interface Owners {
  readonly word: string;
  readonly formats: KnownFormat[];
  readonly near: PatternRule[];
  readonly gated: PatternRule[];
  isAssignment: boolean;
}

/** Tells which tokens a text holds. It keeps nothing between blobs, and may be used for many at once. */
export class Detector implements Search {
  readonly skipsBinary: boolean;
  private readonly inventory: Inventory | null;
  private readonly ownLists: readonly AllowList[];
  private readonly allowLists: readonly AllowList[];
  private readonly rules: readonly PatternRule[];
  private readonly owners: Owners[] = [];
  private readonly keywords: Keywords;

  private constructor(options: DetectorOptions) {
    const { formats = [], gitleaks = [], inventory = null, allow = [], assignments = false } = options;
    this.skipsBinary = options.binary === "skip";
    this.inventory = inventory;
    this.ownLists = allow;
    this.allowLists = [...allow, ...gitleaks.flatMap(({ allowLists }) => allowLists)];
    this.rules = [...formats.map(declaredRule), ...gitleaks.flatMap(({ rules }) => rules)];
    const disabled = new Set([
      ...(options.disabled ?? []),
      ...gitleaks.flatMap((each) => each.disabledRules),
    ]);
    const words: { text: string; isAnyCase: boolean }[] = [];
    const places = new Map<string, Owners>();
    const ownersOf = (text: string, isAnyCase: boolean) => {
      const name = `${isAnyCase}${text}`;
      const known = places.get(name);
      if (known !== undefined) return known;
      const owners: Owners = { word: text, formats: [], near: [], gated: [], isAssignment: false };
      places.set(name, owners);
      words.push({ text, isAnyCase });
      this.owners.push(owners);
      return owners;
    };
    for (const format of FORMATS) {
      if (format.body === null || disabled.has(format.rule)) continue;
      const known = new KnownFormat(format, format.body);
      for (const anchor of format.anchors) ownersOf(anchor, false).formats.push(known);
    }
    for (const rule of this.rules) {
      for (const text of rule.anchors ?? []) ownersOf(text, true).near.push(rule);
      for (const text of rule.gate ?? []) ownersOf(text, true).gated.push(rule);
    }
    if (assignments) for (const word of assignmentWords) ownersOf(word, true).isAssignment = true;
    this.keywords = new Keywords(words);
  }

  static of(options: DetectorOptions = {}): Detector {
    return new Detector(options);
  }

  /** All findings of a blob that is at hand, in order of their places. `commit` is what allow-lists of commits are asked with. */
  find(blob: Buffer, path: string, commit: string | null = null): Finding[] {
    return this.open(path, commit).end(blob);
  }

  /** The same for a blob that comes in pieces. */
  open(path: string, commit: string | null = null): Scanning {
    return new Scanning(this, path, commit);
  }

  look(): InventoryLook | null {
    return this.inventory === null || this.inventory.size === 0 ? null : this.inventory.look();
  }

  stretchesIn(window: Window, path: string, commit: string | null): Stretch[] {
    if (this.allowLists.some((list) => list.allowsBlob(path, commit))) return [];
    const found: Stretch[] = [];
    const near = new Map<PatternRule, number[]>();
    const open = new Set<PatternRule>();
    const { bytes } = window;
    const count = this.keywords.find(bytes, 0, bytes.length);
    for (let index = 0; index < count; index++) {
      const place = this.keywords.places[index]!;
      const owners = this.owners[this.keywords.found[index]!]!;
      for (const format of owners.formats) {
        const stretch = format.at(window, place, owners.word);
        if (stretch === null) continue;
        found.push(stretch);
        break;
      }
      for (const rule of owners.near) {
        const places = near.get(rule);
        if (places === undefined) near.set(rule, [place]);
        else places.push(place);
      }
      for (const rule of owners.gated) open.add(rule);
      const assigned = owners.isAssignment ? assignmentAt(window, place, owners.word) : null;
      if (assigned !== null) found.push(assigned);
    }
    found.push(...this.byRules(window, near, open, path, commit));
    return found.filter((each) => !this.isAllowed(each, window, path, commit));
  }

  private byRules(
    window: Window,
    near: ReadonlyMap<PatternRule, number[]>,
    open: ReadonlySet<PatternRule>,
    path: string,
    commit: string | null,
  ): Stretch[] {
    const found = new Map<PatternRule, Stretch[]>();
    const byId = new Map<string, Stretch[]>();
    for (const rule of this.rules) {
      const places = near.get(rule) ?? [];
      if ((rule.anchors !== null && places.length === 0) || (rule.gate !== null && !open.has(rule))) continue;
      if (!rule.isFor(path)) continue;
      const { id } = rule.parts;
      const stretches = rule.find(window, places, path, commit);
      found.set(rule, stretches);
      byId.set(id, [...(byId.get(id) ?? []), ...stretches]);
    }
    return [...found].flatMap(([rule, stretches]) =>
      rule.parts.isSilent ? [] : stretches.filter((each) => hasCompanions(rule, each, byId, window)),
    );
  }

  private isAllowed(
    { source, start, end }: Stretch,
    window: Window,
    path: string,
    commit: string | null,
  ): boolean {
    const secret = window.text.slice(start, end);
    const line = () => window.lineAround(start, end);
    // The rules of a file have asked its lists themselves: they know more than the secret.
    const lists = source === "gitleaks" ? this.ownLists : this.allowLists;
    return (
      ALLOWED_LINE.test(line()) ||
      lists.some((list) => list.allows({ secret, match: secret, line }, path, commit))
    );
  }
}
