import type { Context } from "hono";
import type { Tenant } from "../../rules/tenants.ts";
import { networkOf } from "../address.ts";
import { Failures } from "../failures.ts";
import { type GivenFinding, type TakeInOutcome, takeInFindings } from "../intake/takein.ts";
import { Problem } from "../problem.ts";
import { isJson, readBody } from "../request.ts";
import type { Env, Services } from "../services.ts";
import type { IntakeCounts, Kind } from "./counts.ts";
import { leaksOf, sayOnce } from "./said.ts";
import { TooMany, Turns, TurnsBy } from "./turns.ts";

/** Requests carried out at a time: the store writes one after the other, workers are asked meanwhile. */
const AT_ONCE = 4;
/** Bodies that may be in memory together, as a multiple of the largest one. */
const BODIES = 8;
/** How long a body may take to come. */
const BODY_MS = 15_000;
/** Bodies of one network that are read at a time before anybody knows who sends them. */
const UNVERIFIED = 2;
const RETRY_S = 5;

/** What an answer that is not the receiver's own is counted as. */
const OUTCOMES: Readonly<Record<number, string>> = {
  400: "malformed",
  401: "unverified",
  404: "switched_off",
  408: "slow",
  413: "too_large",
  415: "media_type",
  429: "limited",
  503: "busy",
};

/** Who tells, once that is verified. */
export interface Sender {
  /** The tenant that its configuration names. */
  readonly tenant: string;
  /** For the journal: `intake:github`. */
  readonly actor: string;
}

/** What all receivers have in common: reads bodies, counts and limits who is not who they say, and takes in. */
export class Reception {
  readonly services: Services;
  private readonly counts: IntakeCounts;
  private readonly failures: Failures;
  private readonly turns: Turns;
  /** Who looks for a comment before writing it must be alone. */
  private readonly talk = new Turns(1, AT_ONCE);
  private readonly readers: TurnsBy;
  private bodyBytes = 0;

  constructor(services: Services) {
    const { failuresPerMinute, waiting } = services.config.intake;
    this.services = services;
    this.counts = services.intakeCounts;
    this.failures = new Failures(failuresPerMinute);
    this.turns = new Turns(AT_ONCE, waiting);
    this.readers = new TurnsBy(UNVERIFIED, waiting);
  }

  /** Carries a request out, and counts how it went. Throws Problem, and what storing throws. */
  async receive(kind: Kind, work: () => Promise<Response>): Promise<Response> {
    try {
      const answer = await work();
      this.counts.request(kind, OUTCOMES[answer.status] ?? "accepted");
      return answer;
    } catch (error) {
      const status = error instanceof Problem ? error.status : 500;
      this.counts.request(kind, OUTCOMES[status] ?? "failed");
      throw error;
    }
  }

  /** The bytes of a JSON body, handed to `use`, and room for them until it is done. Throws Problem. */
  withJson<T>(context: Context<Env>, isVerified: boolean, use: (bytes: Buffer) => Promise<T>): Promise<T> {
    if (!isJson(context.req.header("content-type")))
      throw new Problem(415, "The body must be JSON, with content-type application/json.");
    return this.withBody(context, isVerified, this.services.config.intake.bodyBytes, use);
  }

  /** The same of any body of at most `bytesMax`. `isVerified`: who sends is known before the body. */
  async withBody<T>(
    context: Context<Env>,
    isVerified: boolean,
    bytesMax: number,
    use: (bytes: Buffer) => Promise<T>,
  ): Promise<T> {
    let room = 0;
    // All bodies together may not take more than this, whoever sends them; what has not come yet takes nothing.
    const onBytes = (bytes: number) => {
      if (this.bodyBytes + bytes > BODIES * this.services.config.intake.bodyBytes) return busy();
      this.bodyBytes += bytes;
      room += bytes;
      return null;
    };
    const read = () =>
      readBody(context.env.incoming, { bytesMax, name: "intake.bodyBytes", withinMs: BODY_MS, onBytes });
    try {
      return await use(await (isVerified ? read() : this.readUnverified(context, read)));
    } finally {
      this.bodyBytes -= room;
    }
  }

  /** A few at a time for each network, and none of one that has failed too often. */
  private async readUnverified(context: Context<Env>, read: () => Promise<Buffer>): Promise<Buffer> {
    const from = context.get("from");
    const refuseFailing = () => {
      const waitS = this.failures.wait(from, Date.now());
      if (waitS > 0) throw tooOften(waitS);
    };
    refuseFailing();
    try {
      return await this.readers.take(networkOf(from), () => {
        // Others of the network may have failed meanwhile.
        refuseFailing();
        return read();
      });
    } catch (error) {
      if (error instanceof TooMany) throw busy();
      if (error instanceof Problem && (error.status === 400 || error.status === 408))
        this.failures.count(from, Date.now());
      throw error;
    }
  }

  /** The answer to a sender who cannot be verified: it does not say why, the log does while the address's allowance lasts. */
  unverified(context: Context<Env>, kind: Kind, why: string, scheme = "Signature"): Problem {
    const waitS = this.failures.count(context.get("from"), Date.now());
    // The figures count the others: whoever floods must not fill the log.
    if (waitS > 0) return tooOften(waitS);
    const [from, requestId] = [context.get("from"), context.get("requestId")];
    this.services.logger.warn({ receiver: kind, why, from, requestId }, "intake refused");
    return new Problem(401, "The sender could not be verified.", [], {
      "www-authenticate": `${scheme} realm="leakgate"`,
    });
  }

  /** The tenant of a sender. Throws Problem 404 where it, or its leak module, is not there. */
  async tenantOf({ tenant: name }: Sender): Promise<Tenant> {
    const tenant = await this.services.tenants.expect(name);
    if (!tenant.store.settings().leaksEnabled)
      throw new Problem(404, "The leak module is switched off for this tenant.");
    return tenant;
  }

  /** Does what changes the store when it is its turn. Throws Problem 503 where too many wait. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.turns.take(work);
    } catch (error) {
      throw error instanceof TooMany ? busy() : error;
    }
  }

  /** Takes findings in, durably, and says in log and metrics what became of them. `hidden`: told without a token. */
  async takeIn(
    context: Context<Env>,
    kind: Kind,
    { tenant: name, actor }: Sender,
    tenant: Tenant,
    findings: readonly GivenFinding[],
    hidden = 0,
  ): Promise<TakeInOutcome> {
    const from = context.get("from");
    const outcome = await this.inTurn(() => takeInFindings(this.services, tenant, { actor, from }, findings));
    const { leaks, patched, sightings, unchanged, refused } = outcome;
    const counted = { leaks, patched, sightings, unchanged, hidden };
    for (const [what, count] of Object.entries(counted)) this.counts.finding(kind, what, count);
    const refusedCount = Object.values(refused).reduce((sum, count) => sum + count, 0);
    this.counts.finding(kind, "refused", refusedCount);
    const requestId = context.get("requestId");
    this.services.logger.info(
      { receiver: kind, tenant: name, findings: findings.length, ...counted, refused, from, requestId },
      "intake",
    );
    return outcome;
  }

  /** Comments on the leaks that a service says something of: people decide. */
  async say(
    context: Context<Env>,
    kind: Kind,
    { tenant: name, actor }: Sender,
    tenant: Tenant,
    about: { readonly tokens: readonly string[]; readonly url: string | null; readonly text: string },
  ): Promise<void> {
    const by = { actor, from: context.get("from") };
    const { tokens, url, text } = about;
    const comments = await this.inTurn(async () => {
      const leaks = await leaksOf(tenant, tokens, url);
      return this.talk.take(() => sayOnce(tenant, by, leaks, tokens, text));
    });
    this.counts.finding(kind, "comments", comments);
    const requestId = context.get("requestId");
    this.services.logger.info({ receiver: kind, tenant: name, comments, from: by.from, requestId }, "intake");
  }
}

function tooOften(waitS: number): Problem {
  return new Problem(429, "Too many senders at this address could not be verified.", [], {
    "retry-after": String(waitS),
  });
}

function busy(): Problem {
  return new Problem(503, "Too much is waiting to be taken in.", [], { "retry-after": String(RETRY_S) });
}
