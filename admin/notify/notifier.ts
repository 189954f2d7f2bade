import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import type { Hook, HookRecord } from "../../rules/hook.ts";
import type { OutboxLimits } from "../../rules/store/outbox.ts";
import type { Tenant, Tenants } from "../../rules/tenants.ts";
import { Carrier } from "./carrier.ts";
import type { NotifyConfig, SmtpConfig } from "./config.ts";
import { Follower } from "./follower.ts";
import { Mailer } from "./mail.ts";
import { testNotice } from "./notice.ts";
import { Poster } from "./post.ts";
import { Sealer } from "./seal.ts";
import { Sender, type SenderCounters } from "./sender.ts";
import type { Sent } from "./sent.ts";

export interface NotifierOptions {
  readonly config: NotifyConfig;
  readonly smtp: SmtpConfig | undefined;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** For the jitter of the waits, 0 to below 1. */
  readonly random?: () => number;
  /** How often there is a look for what is to be told; null for never but by `look`. Default a second. */
  readonly everyMs?: number | null;
}

const EVERY_MS = 1_000;
const DELIVERED_KEPT = 100;
/** Of a close: until messages under way are given up, to be sent again after the next start. */
const CLOSE_MS = 2_000;
const CUT_MS = 200;

/** What belongs to one tenant. */
interface Part {
  readonly sealer: Sealer;
  readonly follower: Follower;
  readonly sender: Sender;
}

/** Tells the destinations of all tenants what they asked for. One runs per data folder, in the admin process. */
export class Notifier {
  readonly counters: SenderCounters = { queued: 0, delivered: 0, failed: 0, dead: 0, dropped: 0 };
  /** What the outboxes are held to. */
  readonly limits: OutboxLimits;
  readonly #tenants: Pick<Tenants, "all">;
  readonly #options: NotifierOptions;
  readonly #now: () => number;
  readonly #carrier: Carrier;
  readonly #parts = new Map<string, Part>();
  readonly #timer: NodeJS.Timeout | null;
  #looking: Promise<void> | null = null;
  #isClosing = false;

  /** Throws where the password of the mail server cannot be read. */
  constructor(tenants: Pick<Tenants, "all">, options: NotifierOptions) {
    const { config, smtp, everyMs = EVERY_MS } = options;
    const { queueMax, deadMax, timeoutMs, allowPrivate } = config;
    this.#tenants = tenants;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.limits = { queueMax, deadMax, deliveredMax: DELIVERED_KEPT };
    const mailer = smtp === undefined ? null : new Mailer(smtp, timeoutMs);
    this.#carrier = new Carrier(new Poster({ allowPrivate, timeoutMs }), mailer);
    this.#timer = everyMs === null ? null : setInterval(() => void this.look(), everyMs);
    this.#timer?.unref();
  }

  /** Whether there is a mail server to send mail through. */
  get sendsMail(): boolean {
    return this.#carrier.sendsMail;
  }

  get config(): NotifyConfig {
    return this.#options.config;
  }

  sealerOf(tenant: Tenant): Sealer {
    return this.#partOf(tenant).sealer;
  }

  /** Looks once for what is to be told, and begins to send it. One look at a time. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** Resolves when no message is under way. */
  async settled(): Promise<void> {
    await this.#looking;
    await Promise.all([...this.#parts.values()].map(({ sender }) => sender.settled()));
  }

  /** Sends a test message now, be the destination switched off or not; answers what came of it. */
  test(tenant: Tenant, hook: HookRecord, messageId: string): Promise<Sent> {
    const at = this.#now();
    const notice = testNotice(at, tenant.name, hook.id);
    return this.#carrier.carry(this.sealerOf(tenant), hook, { messageId, notice, at });
  }

  /** A person wants what waits for a destination to be sent now. */
  resume(tenant: Tenant, hook: Hook["id"]): void {
    const { sender } = this.#partOf(tenant);
    sender.resume(hook);
    sender.pump();
  }

  /** Messages that wait, and dead letters, of all tenants. */
  waiting(): { readonly queued: number; readonly dead: number } {
    let [queued, dead] = [0, 0];
    for (const { store } of this.#tenants.all) {
      for (const { id } of store.hooks.list()) queued += store.outbox.queued(id);
      dead += store.outbox.deadCount();
    }
    return { queued, dead };
  }

  /** Messages under way get two seconds; what is not delivered then is sent after the next start. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
    for (const { sender } of this.#parts.values()) sender.stop();
    await Promise.race([this.settled(), pause(CLOSE_MS, undefined, { ref: false })]);
    await this.#carrier.close();
    // A mail server that does not answer cannot be cut off; what comes of it is not stored any more.
    await Promise.race([this.settled(), pause(CUT_MS, undefined, { ref: false })]);
  }

  async #lookOnce(): Promise<void> {
    for (const tenant of this.#tenants.all) {
      if (this.#isClosing) return;
      const { follower, sender } = this.#partOf(tenant);
      try {
        await follower.look(this.#now());
        sender.pump();
      } catch (error) {
        const reason = (error as Error).message;
        this.#options.logger.error({ tenant: tenant.name, reason }, "could not look for what is to be told");
      }
    }
  }

  #partOf(tenant: Tenant): Part {
    const known = this.#parts.get(tenant.name);
    if (known !== undefined) return known;
    const { config, logger, random = Math.random } = this.#options;
    const sealer = new Sealer(tenant.pepper);
    const follower = new Follower(tenant, this.limits, ({ queued, dead, dropped }) => {
      this.counters.queued += queued;
      this.counters.dead += dead;
      this.counters.dropped += dropped;
    });
    const options = {
      limits: this.limits,
      concurrency: config.concurrency,
      plan: { waitsMs: config.retrySeconds.map((seconds) => seconds * 1_000), random },
      now: this.#now,
    };
    const child = logger.child({ tenant: tenant.name });
    const sender = new Sender(tenant.store, sealer, this.#carrier, options, this.counters, child);
    const part = { sealer, follower, sender };
    this.#parts.set(tenant.name, part);
    return part;
  }
}
