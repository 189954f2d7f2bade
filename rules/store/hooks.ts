import {
  checkHookInput,
  type Hook,
  type HookId,
  type HookInput,
  type HookRecord,
  type HookTarget,
  hookLimits,
  hookView,
  type SealedSecret,
} from "../hook.ts";
import type { Actor, Facts, Json } from "../journal.ts";
import { HookUnknown, InputRefused, VersionConflict } from "../refusal.ts";
import { changedFacts, checkActor, commit, journal } from "./changes.ts";
import type { By } from "./leakchanges.ts";
import { forgetHook } from "./outbox.ts";
import { numberOf, readHead, type Tables, takeId } from "./tables.ts";
import { forgetTold } from "./told.ts";

export interface HookChanged {
  readonly hook: Hook;
  readonly revision: number;
}

/** Fields to change; a kind stays what it is. */
export interface HookPatch extends Partial<HookInput> {
  /** Set by the system alone; a person's change clears it. */
  readonly disabledBecause?: "gone";
}

/** Encrypts the secret of a destination for the id it will have; the clear one never comes here. */
export type Seal = (id: HookId) => string;

/** Destinations of notifications and their changes, each with its journal entry; what is sealed stays out of that. */
export class Hooks {
  readonly #tables: () => Tables;
  readonly #writable: () => Tables;
  readonly #by: (actor: Actor) => By;

  constructor(tables: () => Tables, writable: () => Tables, by: (actor: Actor) => By) {
    this.#tables = tables;
    this.#writable = writable;
    this.#by = by;
  }

  /** In the order in which they were made. */
  list(): Hook[] {
    return this.records().map(hookView);
  }

  get(id: string): Hook | null {
    const record = readHook(this.#tables(), id);
    return record && hookView(record);
  }

  /** With the sealed secrets, for who sends. */
  records(): HookRecord[] {
    return [
      ...this.#tables()
        .hooks.getRange({})
        .map(({ value }) => value),
    ];
  }

  /** The one, with its sealed secrets. */
  record(id: string): HookRecord | null {
    return readHook(this.#tables(), id);
  }

  /** `seal` is absent for e-mail. Throws InputRefused. */
  async create(actor: Actor, input: HookInput, seal: Seal | null): Promise<HookChanged> {
    const tables = this.#writable();
    const by = this.#checked(actor);
    const checked = checkHookInput(input);
    return commit(tables, () => {
      if (tables.hooks.getCount() >= hookLimits.hooks)
        throw new InputRefused("name", `cannot be taken: there are ${hookLimits.hooks} destinations`);
      const id: HookId = `hook-${takeId(tables, "hook")}`;
      const record: HookRecord = {
        id,
        ...checked,
        disabledBecause: null,
        secrets: seal === null ? [] : [{ sealed: seal(id), until: null }],
        secretNumber: seal === null ? 0 : 1,
        previousSecretUntil: null,
        revision: readHead(tables).revision + 1,
        version: 1,
        createdAt: by.at,
        createdBy: by.actor,
        updatedAt: by.at,
      };
      write(tables, record);
      const facts = { before: null, after: hookFacts(record) };
      const revision = journal(tables, { ...by, action: "hook.create", subject: id, ...facts });
      return { hook: hookView(record), revision };
    });
  }

  /** `seal` gives a new secret (the address of a Slack webhook). Throws HookUnknown, VersionConflict, InputRefused. */
  update(
    actor: Actor,
    id: string,
    { disabledBecause, ...patch }: HookPatch,
    seal: Seal | null = null,
    ifVersion?: number,
  ): Promise<HookChanged> {
    return this.#change(actor, "hook.update", id, ifVersion, (record) => {
      const { name, target, enabled, triggers } = record;
      const checked = checkHookInput({ name, target, enabled, triggers, ...patch });
      if (checked.target.kind !== target.kind) throw new InputRefused("kind", "cannot be changed");
      const fresh: SealedSecret[] = seal === null ? [] : [{ sealed: seal(record.id), until: null }];
      return {
        ...record,
        ...checked,
        disabledBecause: disabledBecause ?? (patch.enabled === undefined ? record.disabledBecause : null),
        secrets: fresh.length > 0 ? fresh : record.secrets,
        secretNumber: record.secretNumber + fresh.length,
      };
    });
  }

  /** Both secrets sign until `overlapMs` are over. Throws HookUnknown, InputRefused (not a webhook). */
  rotate(actor: Actor, id: string, seal: Seal, overlapMs: number): Promise<HookChanged> {
    return this.#change(actor, "hook.rotate", id, undefined, (record, at) => {
      if (record.target.kind !== "webhook")
        throw new InputRefused("kind", "is not webhook: there is no secret of ours to rotate");
      const until = at + overlapMs;
      const previous = record.secrets.slice(0, 1).map(({ sealed }) => ({ sealed, until }));
      const secrets = [{ sealed: seal(record.id), until: null }, ...previous];
      return { ...record, secrets, secretNumber: record.secretNumber + 1, previousSecretUntil: until };
    });
  }

  /** Its messages go with it. Throws HookUnknown, VersionConflict. */
  async remove(actor: Actor, id: string, ifVersion?: number): Promise<HookChanged> {
    const tables = this.#writable();
    const by = this.#checked(actor);
    return commit(tables, () => {
      const record = expectHook(tables, id, ifVersion);
      const number = numberOf("hook", id) as number;
      tables.hooks.remove(number);
      forgetHook(tables, number);
      forgetTold(tables, number);
      const facts = { before: hookFacts(record), after: { deleted: true } };
      const revision = journal(tables, { ...by, action: "hook.delete", subject: id, ...facts });
      return { hook: hookView(record), revision };
    });
  }

  /** Writes down that somebody sent a test message. Throws HookUnknown. */
  async noteTest(actor: Actor, id: string): Promise<HookChanged> {
    const tables = this.#writable();
    const by = this.#checked(actor);
    return commit(tables, () => {
      const hook = hookView(expectHook(tables, id));
      const facts = { before: {}, after: {} };
      return { hook, revision: journal(tables, { ...by, action: "hook.test", subject: id, ...facts }) };
    });
  }

  /** Throws InputRefused. */
  #checked(actor: Actor): By {
    const by = this.#by(actor);
    checkActor(by.actor);
    return by;
  }

  async #change(
    actor: Actor,
    action: "hook.update" | "hook.rotate",
    id: string,
    ifVersion: number | undefined,
    changed: (record: HookRecord, at: number) => HookRecord,
  ): Promise<HookChanged> {
    const tables = this.#writable();
    const by = this.#checked(actor);
    return commit(tables, () => {
      const before = expectHook(tables, id, ifVersion);
      const after = { ...changed(before, by.at), version: before.version + 1, updatedAt: by.at };
      write(tables, after);
      const facts = changedFacts(hookFacts(before), hookFacts(after));
      return { hook: hookView(after), revision: journal(tables, { ...by, action, subject: id, ...facts }) };
    });
  }
}

/** What the journal says of a destination: nothing that is a secret. */
export function hookFacts(hook: Hook): Facts {
  const { name, target, enabled, disabledBecause, triggers, secretNumber, version } = hook;
  const shown = { name, enabled, disabledBecause, secretNumber, version, ...targetFacts(target) };
  return { ...shown, triggers: triggers as unknown as Json };
}

function targetFacts(target: HookTarget): { [field: string]: Json } {
  if (target.kind === "webhook") return { kind: target.kind, url: target.url };
  if (target.kind === "slack") return { kind: target.kind, host: target.host };
  return { kind: target.kind, to: target.to };
}

function readHook(tables: Tables, id: string): HookRecord | null {
  const number = numberOf("hook", id);
  return number === null ? null : (tables.hooks.get(number) ?? null);
}

function expectHook(tables: Tables, id: string, ifVersion?: number): HookRecord {
  const record = readHook(tables, id);
  if (record === null) throw new HookUnknown(id);
  if (ifVersion !== undefined && record.version !== ifVersion)
    throw new VersionConflict(id, ifVersion, record.version);
  return record;
}

function write(tables: Tables, record: HookRecord): void {
  tables.hooks.put(numberOf("hook", record.id) as number, record);
}
