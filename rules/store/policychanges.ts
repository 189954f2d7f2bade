import type { Actor, Facts } from "../journal.ts";
import {
  checkPolicy,
  type IntakePolicy,
  type IntakePolicyId,
  type PolicyDraft,
  policiesMax,
} from "../policy.ts";
import { InputRefused, PolicyUnknown } from "../refusal.ts";
import { type By, checkActor, commit, journal } from "./changes.ts";
import { readHead, type Tables } from "./tables.ts";

export interface PolicyChanged {
  readonly policy: IntakePolicy;
  readonly revision: number;
}

/** All there ever were, in the order of their numbers; those taken away have `removedAt`. */
export function readPolicies(tables: Tables): readonly IntakePolicy[] {
  return (tables.meta.get("policies") as readonly IntakePolicy[] | undefined) ?? [];
}

/** What people decided beforehand of what comes in; see policy.ts. */
export class Policies {
  readonly #look: () => Tables;
  readonly #change: () => Tables;
  readonly #by: (actor: Actor) => By;

  constructor(look: () => Tables, change: () => Tables, by: (actor: Actor) => By) {
    this.#look = look;
    this.#change = change;
    this.#by = by;
  }

  /** In the order of their numbers, which is the order in which they are asked; those taken away only with `removed`. */
  list(removed = false): IntakePolicy[] {
    return readPolicies(this.#look()).filter((policy) => removed || policy.removedAt === null);
  }

  /** Throws InputRefused. */
  async add(actor: Actor, draft: PolicyDraft): Promise<PolicyChanged> {
    const tables = this.#change();
    const by = this.#by(actor);
    checkActor(by.actor);
    const checked = checkPolicy(draft);
    return commit(tables, () => {
      const policies = readPolicies(tables);
      if (policies.filter(({ removedAt }) => removedAt === null).length >= policiesMax)
        throw new InputRefused("policies", `are ${policiesMax} already: take one away first`);
      const id: IntakePolicyId = `policy-${policies.length + 1}`;
      const policy = { id, ...checked, createdAt: by.at, createdBy: by.actor, removedAt: null };
      tables.meta.put("policies", [...policies, policy]);
      const entry = { ...by, action: "policy.create" as const, subject: id, before: null };
      return { policy, revision: journal(tables, { ...entry, after: policyFacts(policy) }) };
    });
  }

  /** Switches it on or off; what already is so is no change. Throws PolicyUnknown. */
  switch(actor: Actor, id: string, enabled: boolean): Promise<PolicyChanged> {
    return this.#amend(actor, id, "policy.update", { enabled });
  }

  /** Taking away what was taken away is no change. Throws PolicyUnknown. */
  remove(actor: Actor, id: string): Promise<PolicyChanged> {
    const by = this.#by(actor);
    return this.#amend(by, id, "policy.remove", { removedAt: by.at });
  }

  async #amend(
    actor: Actor | By,
    id: string,
    action: "policy.update" | "policy.remove",
    patch: Partial<Pick<IntakePolicy, "enabled" | "removedAt">>,
  ): Promise<PolicyChanged> {
    const tables = this.#change();
    const by = typeof actor === "object" && "at" in actor ? actor : this.#by(actor);
    checkActor(by.actor);
    return commit(tables, () => {
      const policies = readPolicies(tables);
      const known = policies.find((policy) => policy.id === id);
      if (known === undefined || (known.removedAt !== null && action === "policy.update"))
        throw new PolicyUnknown(id);
      const isSame = action === "policy.remove" ? known.removedAt !== null : known.enabled === patch.enabled;
      if (isSame) return { policy: known, revision: readHead(tables).revision };
      const policy = { ...known, ...patch };
      tables.meta.put(
        "policies",
        policies.map((each) => (each.id === id ? policy : each)),
      );
      const [field] = Object.keys(patch) as (keyof typeof patch)[];
      const facts = { before: { [field!]: known[field!] }, after: { [field!]: policy[field!] } };
      return { policy, revision: journal(tables, { ...by, action, subject: known.id, ...facts }) };
    });
  }
}

/** What the journal says of a policy. */
export function policyFacts({ id: _, createdAt: __, createdBy: ___, ...rest }: IntakePolicy): Facts {
  return rest as unknown as Facts;
}
