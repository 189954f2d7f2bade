import { createHash } from "node:crypto";
import { join } from "node:path";
import pino from "pino";
import { notifySchema, smtpSchema } from "../admin/notify/config.ts";
import { Notifier } from "../admin/notify/notifier.ts";
import { newWebhookSecret, Sealer } from "../admin/notify/seal.ts";
import type { TokenDigest } from "../rules/digest.ts";
import { EventLog, eventId, type VpatchEvent } from "../rules/events.ts";
import type { Hook, HookTarget, HookTrigger } from "../rules/hook.ts";
import { Pepper } from "../rules/pepper.ts";
import type { Delivery } from "../rules/store/outbox.ts";
import { RulesStore } from "../rules/store.ts";
import type { Tenant } from "../rules/tenants.ts";
import { temporaryFolder } from "./support.ts";

/** Noon of a made-up day. */
export const noon = Date.UTC(2026, 0, 2, 12);

/** A tenant on disk with a notifier that looks when it is told to, by a clock that stands still. */
export class Desk {
  /** Milliseconds since 1970. */
  now = noon;
  readonly log: string[] = [];
  tenant!: Tenant;
  notifier!: Notifier;
  private readonly folder = temporaryFolder();
  private readonly config: object;
  private readonly smtp: object | undefined;
  private readonly ending: Promise<void>[] = [];
  private sequence = 0;

  private constructor(config: object, smtp: object | undefined) {
    this.config = config;
    this.smtp = smtp;
  }

  static async open(config: object = {}, smtp?: object): Promise<Desk> {
    const desk = new Desk({ allowPrivate: true, ...config }, smtp);
    await desk.start();
    return desk;
  }

  get store(): RulesStore {
    return this.tenant.store;
  }

  get data(): string {
    return join(this.folder.path, "data");
  }

  /** As after the process was killed: what is under way is not finished, nor what came of it stored. */
  async restart(): Promise<void> {
    this.ending.push(this.notifier.close());
    await this.tenant.events.close();
    await this.store.close();
    await this.start();
  }

  /** Looks, and waits until nothing is under way. */
  async look(now = this.now): Promise<void> {
    this.now = now;
    await this.notifier.look();
    await this.notifier.settled();
  }

  /** Makes a webhook; answers it with its secret. */
  async webhook(url: string, ...triggers: HookTrigger[]): Promise<{ hook: Hook; secret: string }> {
    const secret = newWebhookSecret();
    return { hook: await this.destination({ kind: "webhook", url }, secret, triggers), secret };
  }

  async destination(
    target: HookTarget,
    secret: string | null,
    triggers: readonly HookTrigger[],
  ): Promise<Hook> {
    const sealer = new Sealer(this.tenant.pepper);
    const input = { name: "a destination", target, enabled: true, triggers };
    const seal = secret === null ? null : (id: Hook["id"]) => sealer.seal(id, secret);
    return (await this.store.hooks.create("key-1 (Ann)", input, seal)).hook;
  }

  /** Registers a leak of one made-up token; answers its id. */
  async register(risk = 8, name = "a leak", token = `made-up-token-${this.sequence++}`): Promise<string> {
    const input = { name, description: "", risk, source: "github" };
    const tokens = [madeUpDigest(token)];
    return (await this.store.register("key-1 (Ann)", { ...input, tokens })).leak.id;
  }

  /** Writes an attempt on leak-1, `at` milliseconds since 1970. */
  async attempt(at: number, more: Partial<VpatchEvent> = {}): Promise<void> {
    const event: VpatchEvent = {
      type: "vpatch",
      id: eventId(at, 1, this.sequence++),
      at,
      lastAt: at,
      count: 1,
      leak: "leak-1",
      rule: "rule-1",
      action: "blocked",
      point: "header authorization",
      method: "GET",
      host: "api.example.com",
      path: "/orders",
      query: [],
      userAgent: "made-up/1.0",
      ip: "192.0.2.1",
      requestId: "r-1",
      worker: 1,
      ...more,
    };
    await this.tenant.events.append([event]);
  }

  deliveries(hook: Hook): Delivery[] {
    return this.store.outbox.deliveries(hook.id, 1_000);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.ending, this.notifier.close()]);
    await this.tenant.events.close();
    await this.store.close();
    this.folder.remove();
  }

  private async start(): Promise<void> {
    const pepper = Pepper.loadOrCreate(this.data, {});
    const now = () => this.now;
    const store = await RulesStore.open(this.data, pepper.id, { now });
    this.tenant = { name: "default", pepper, store, events: EventLog.open(this.data) };
    const logger = pino({ level: "debug" }, { write: (line: string) => void this.log.push(line) });
    const smtp = this.smtp === undefined ? undefined : smtpSchema.parse(this.smtp);
    const config = notifySchema.parse(this.config);
    const options = { config, smtp, logger, now, random: () => 0, everyMs: null };
    this.notifier = new Notifier({ all: [this.tenant] }, options);
  }
}

function madeUpDigest(token: string): TokenDigest {
  const digest = createHash("sha256").update(token).digest();
  const [anchor, fingerprint] = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  return { digest, anchor, fingerprint, length: token.length, mark: 0, kind: "opaque", preview: "made****" };
}
