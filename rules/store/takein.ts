import { type Finding, type FindingRefusal, namedMax, type TakenIn } from "../finding.ts";
import { checkLeakInput, type LeakDetails, type LeakId } from "../leak.ts";
import { type IntakePolicy, policyFor } from "../policy.ts";
import { InputRefused } from "../refusal.ts";
import { checkSighting, isPlaced, type Sighting } from "../sighting.ts";
import { type By, checkActor, commit, journal } from "./changes.ts";
import { countTogether } from "./counters.ts";
import { decideInside } from "./decisions.ts";
import { type Holder, holdersOf } from "./holders.ts";
import { enrol } from "./leakchanges.ts";
import { atOnce, pageOf, placeOf, planAppend, TokenPage } from "./pages.ts";
import { readPolicies } from "./policychanges.ts";
import { addSightings, countOf, isSeen } from "./sightings.ts";
import { readHead, type Tables } from "./tables.ts";
import { checkTokens, noPage } from "./tokenchanges.ts";

/** Findings taken in by one transaction: some ten milliseconds, then others have their turn. */
const SLICE = 250;

/** A finding whose texts and figures are within their limits. */
interface Checked {
  readonly finding: Finding;
  readonly facts: LeakDetails;
  readonly sighting: Sighting;
}

/** What a slice came to. */
interface Tally {
  readonly ids: LeakId[];
  /** The tokens that came, and whether a leak held them. */
  readonly met: (readonly [token: string, isKnown: boolean])[];
  patched: number;
  sightings: number;
}

/** See `RulesStore.takeIn`. */
export async function takeIn(tables: Tables, by: By, findings: readonly Finding[]): Promise<TakenIn> {
  checkActor(by.actor);
  const refusals = new Refusals();
  const met = new Map<string, boolean>();
  const ids: LeakId[] = [];
  const sums = { leaks: 0, patched: 0, sightings: 0, taken: 0 };
  let { revision } = readHead(tables);
  for (let from = 0; from < findings.length; from += SLICE) {
    const checked = checkAll(findings.slice(from, from + SLICE), from, by.at, refusals);
    if (checked.length === 0) continue;
    const tally = await commit(tables, () => {
      const tally = countTogether(tables, () => takeSlice(tables, by, checked));
      ({ revision } = readHead(tables));
      return tally;
    });
    sums.leaks += tally.ids.length;
    sums.patched += tally.patched;
    sums.sightings += tally.sightings;
    sums.taken += checked.length;
    for (const [token, isKnown] of tally.met) if (!met.has(token)) met.set(token, isKnown);
    ids.push(...tally.ids.slice(0, namedMax - ids.length));
  }
  const { taken, ...counts } = sums;
  const unchanged = taken - counts.sightings;
  const known = [...met.values()].filter((isKnown) => isKnown).length;
  return { ...counts, known, unchanged, ...refusals.all(), ids, revision };
}

/** See `RulesStore.foretell`. */
export function foretell(tables: Tables, now: number, findings: readonly Finding[]): TakenIn {
  const refusals = new Refusals();
  const tokens = new Map<string, Buffer>();
  for (const { finding } of checkAll(findings, 0, now, refusals))
    tokens.set(finding.token.digest.toString("latin1"), finding.token.digest);
  const known = [...tokens.values()].filter((digest) => holdersOf(tables, digest).length > 0).length;
  const counts = { leaks: tokens.size - known, patched: 0, known, sightings: 0, unchanged: 0 };
  return { ...counts, ...refusals.all(), ids: [], revision: readHead(tables).revision };
}

/** Those that are outside their limits, counted, the first of them named. */
class Refusals {
  private readonly refused: Record<string, number> = {};
  private readonly refusals: FindingRefusal[] = [];

  add(index: number, { field, message }: InputRefused): void {
    const reason = field.split(".", 1)[0]!;
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
    if (this.refusals.length < namedMax) this.refusals.push({ index, reason, detail: message });
  }

  all(): Pick<TakenIn, "refused" | "refusals"> {
    return { refused: this.refused, refusals: this.refusals };
  }
}

/** Those within their limits; `from` is the place of the first. */
function checkAll(findings: readonly Finding[], from: number, now: number, refusals: Refusals): Checked[] {
  const checked: Checked[] = [];
  for (const [at, finding] of findings.entries()) {
    try {
      checked.push(check(finding, now));
    } catch (error) {
      if (!(error instanceof InputRefused)) throw error;
      refusals.add(from + at, error);
    }
  }
  return checked;
}

/** Throws InputRefused. */
function check(finding: Finding, now: number): Checked {
  const { token, name, description = "", risk } = finding;
  const sighting = checkSighting(finding.sighting, now);
  const { source, url: sourceUrl, author: sourceAuthor, seenAt: sourceAt } = sighting;
  const facts = checkLeakInput({ name, description, risk, source, sourceUrl, sourceAuthor, sourceAt });
  checkTokens([token], 0);
  return { finding, facts, sighting };
}

/** Only inside a write transaction. */
function takeSlice(tables: Tables, by: By, checked: readonly Checked[]): Tally {
  const policies = readPolicies(tables);
  const tally: Tally = { ids: [], met: [], patched: 0, sightings: 0 };
  const byToken = new Map<string, Checked[]>();
  for (const each of checked) {
    const token = each.finding.token.digest.toString("latin1");
    const same = byToken.get(token);
    if (same === undefined) byToken.set(token, [each]);
    else same.push(each);
  }
  /** Leaks with sightings more, and how many they had. */
  const sighted = new Map<number, number>();
  for (const [token, same] of byToken) {
    const holders = holdersOf(tables, same[0]!.finding.token.digest);
    tally.met.push([token, holders.length > 0]);
    const home = homeOf(tables, holders);
    if (home !== null) {
      const before = countOf(tables, ["leak", home.seq]);
      const added = addSightings(tables, home.seq, home.number, same.map(sightingIn));
      tally.sightings += added;
      if (added > 0 && !sighted.has(home.seq)) sighted.set(home.seq, before);
      continue;
    }
    const news = same.filter(({ sighting }) => !isOld(tables, holders, sighting));
    if (news.length === 0) continue;
    tally.sightings += enrolToken(tables, by, news, tally);
    // A person let the token pass once: of it people decide.
    if (holders.length === 0 && applyPolicy(tables, by, news, policies, tally.ids.at(-1)!)) tally.patched++;
  }
  for (const [seq, before] of sighted) {
    const after = { sightings: countOf(tables, ["leak", seq]) };
    const subject: LeakId = `leak-${seq}`;
    journal(tables, { ...by, action: "leak.sighted", subject, before: { sightings: before }, after });
  }
  return tally;
}

const sightingIn = ({ sighting }: Checked) => sighting;

/**
 * The token that a sighting is added to: the first that is opened or patched, or else, where nobody thinks that it is a
 * secret, the first that is false. Null where it makes a leak.
 */
function homeOf(tables: Tables, holders: readonly Holder[]): Holder | null {
  const standings = holders.map((holder) => standingOf(tables, holder));
  const active = standings.indexOf("active");
  if (active >= 0) return holders[active]!;
  return holders.length > 0 && standings.every((standing) => standing === "marked_false")
    ? holders[0]!
    : null;
}

/** What was decided of a token, with its leak or alone. `active`: it is opened or patched. */
export type Standing = "active" | "closed" | "marked_false";

export function standingOf(tables: Tables, { seq, number }: Holder): Standing {
  const { leak, kinds } = tables.leaks.get(seq)!;
  if (leak.status === "closed" || leak.status === "marked_false") return leak.status;
  if (leak.tokensClosed + leak.tokensFalse === 0) return "active";
  const page = new TokenPage(tables.tokens.get([seq, pageOf(number)]) ?? noPage(), pageOf(number), kinds);
  return page.aloneAt(placeOf(number)) ?? "active";
}

/** Whether it is what a person had before them when they closed the token; a report that comes again is no regression. */
function isOld(tables: Tables, holders: readonly Holder[], sighting: Sighting): boolean {
  return isPlaced(sighting) && holders.some(({ seq, number }) => isSeen(tables, seq, number, sighting));
}

/** Makes a leak of one token, as its gravest finding says, and answers how many sightings it has. */
function enrolToken(tables: Tables, by: By, found: readonly Checked[], tally: Tally): number {
  const { finding, facts } = gravest(found);
  const appended = atOnce(planAppend([finding.token], { tokensEver: 0, kinds: [], readPage: noPage }, by.at));
  const firstOf = (seq: number) => ({ sightings: addSightings(tables, seq, 1, found.map(sightingIn)) });
  const { leak } = enrol(tables, by, facts, appended, { action: "leak.register" }, {}, firstOf);
  tally.ids.push(leak.id);
  return countOf(tables, ["leak", leak.seq]);
}

function gravest(found: readonly Checked[]): Checked {
  return found.reduce((most, each) => (each.facts.risk > most.facts.risk ? each : most));
}

/** Patches a new leak where a person decided so beforehand; what is common in traffic, or false, people look at first. */
function applyPolicy(
  tables: Tables,
  { at }: By,
  found: readonly Checked[],
  policies: readonly IntakePolicy[],
  leak: LeakId,
): boolean {
  const { facts, finding } = gravest(found);
  const { isFalse, warnings = [], kind } = finding.token;
  if (isFalse || warnings.includes("common_in_traffic")) return false;
  const verified = found.some(({ finding }) => finding.verified);
  const policy = policyFor(policies, { source: facts.source, kind, risk: facts.risk, verified });
  if (policy === null) return false;
  const actor = `${policy.id} (by ${policy.createdBy.slice(0, 160)})`;
  const { mode, scope } = policy;
  decideInside(tables, { actor, at, policy: policy.id }, leak, "vpatch", { mode, scope });
  return true;
}
