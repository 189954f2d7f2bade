/** The names by which callers (the admin's error table, the command line) tell refusals apart. */
export type RefusalCode =
  | "LeakUnknown"
  | "TokenUnknown"
  | "RuleUnknown"
  | "KeyUnknown"
  | "KeyRevoked"
  | "SessionUnknown"
  | "EventUnknown"
  | "FalsePositiveRuleUnknown"
  | "PolicyUnknown"
  | "SourceUnknown"
  | "InventoryUnknown"
  | "TenantUnknown"
  | "TenantTaken"
  | "HookUnknown"
  | "DeliveryUnknown"
  | "VersionConflict"
  | "DecisionRefused"
  | "CursorInvalid"
  | "InputRefused"
  | "StoreAbsent"
  | "PepperMismatch"
  | "SchemaTooNew"
  | "SchemaOutdated"
  | "StoreFailed";

/** What every refusal of the rules has: a stable code, and a message that may be shown and holds no secret. */
export abstract class Refusal extends Error {
  abstract readonly code: RefusalCode;
}

/** No leak has this id. */
export class LeakUnknown extends Refusal {
  readonly code = "LeakUnknown";
  constructor(id: string) {
    super(`no leak has the id ${shown(id)}`);
  }
}

/** The leak holds no live token of this number; a removed one counts as unknown. */
export class TokenUnknown extends Refusal {
  readonly code = "TokenUnknown";
  constructor(leak: string, number: number) {
    super(`leak ${leak} holds no token ${number}`);
  }
}

/** No rule has this id. */
export class RuleUnknown extends Refusal {
  readonly code = "RuleUnknown";
  constructor(id: string) {
    super(`no rule has the id ${shown(id)}`);
  }
}

/** No rule of the intake has this id. */
export class FalsePositiveRuleUnknown extends Refusal {
  readonly code = "FalsePositiveRuleUnknown";
  constructor(id: string) {
    super(`no rule of the intake has the id ${shown(id)}`);
  }
}

/** No policy of the intake has this id, or it was taken away. */
export class PolicyUnknown extends Refusal {
  readonly code = "PolicyUnknown";
  constructor(id: string) {
    super(`no policy of the intake has the id ${shown(id)}`);
  }
}

/** No watched source has this id, or it was taken away. */
export class SourceUnknown extends Refusal {
  readonly code = "SourceUnknown";
  constructor(id: string) {
    super(`no watched source has the id ${shown(id)}`);
  }
}

/** The inventory lists no tokens under this name. */
export class InventoryUnknown extends Refusal {
  readonly code = "InventoryUnknown";
  constructor(name: string) {
    super(`the inventory lists no tokens under the name ${shown(name)}`);
  }
}

/** No access key has this id. */
export class KeyUnknown extends Refusal {
  readonly code = "KeyUnknown";
  constructor(id: string) {
    super(`no access key has the id ${shown(id)}`);
  }
}

/** A revoked key stays as it is. */
export class KeyRevoked extends Refusal {
  readonly code = "KeyRevoked";
  constructor(id: string) {
    super(`access key ${id} is revoked for good: make another`);
  }
}

/** No sign-in has this id, or it has ended. */
export class SessionUnknown extends Refusal {
  readonly code = "SessionUnknown";
  constructor(id: string) {
    super(`no session has the id ${shown(id)}`);
  }
}

/** No tenant has this name. */
export class TenantUnknown extends Refusal {
  readonly code = "TenantUnknown";
  constructor(name: string) {
    super(`no tenant has the name ${shown(name)}: leakgate tenants create makes one`);
  }
}

/** There is a tenant of this name already. */
export class TenantTaken extends Refusal {
  readonly code = "TenantTaken";
  constructor(name: string) {
    super(`there is a tenant named ${name} already`);
  }
}

/** No event has this id, or it was dropped for its age. */
export class EventUnknown extends Refusal {
  readonly code = "EventUnknown";
  constructor(id: string) {
    super(`no event has the id ${shown(id)}`);
  }
}

/** No destination of notifications has this id. */
export class HookUnknown extends Refusal {
  readonly code = "HookUnknown";
  constructor(id: string) {
    super(`no destination has the id ${shown(id)}`);
  }
}

/** No message in the dead-letter list has this id. */
export class DeliveryUnknown extends Refusal {
  readonly code = "DeliveryUnknown";
  constructor(id: string) {
    super(`no dead letter has the id ${shown(id)}`);
  }
}

/** The leak, or the destination, changed since the caller looked at it (If-Match). */
export class VersionConflict extends Refusal {
  readonly code = "VersionConflict";
  readonly current: number;
  constructor(id: string, expected: number, current: number) {
    super(
      `${id.startsWith("hook-") ? "destination" : "leak"} ${id} is at version ${current}, not ${expected}: read it again before deciding`,
    );
    this.current = current;
  }
}

/** The lifecycle does not allow this decision in the status the leak has. */
export class DecisionRefused extends Refusal {
  readonly code = "DecisionRefused";
  readonly status: string;
  constructor(id: string, decision: string, status: string) {
    super(`cannot ${decision.replace("_", " ")} leak ${id}: it is ${status.replace("_", " ")}`);
    this.status = status;
  }
}

/** The cursor is not one that this listing handed out. */
export class CursorInvalid extends Refusal {
  readonly code = "CursorInvalid";
  constructor() {
    super("the cursor does not belong to this listing: start again without one");
  }
}

/** A field of the input is outside its limits; `field` names it. */
export class InputRefused extends Refusal {
  readonly code = "InputRefused";
  readonly field: string;
  constructor(field: string, why: string) {
    super(`${field} ${why}`);
    this.field = field;
  }
}

/** The data folder holds no rules yet; only a writer makes them. */
export class StoreAbsent extends Refusal {
  readonly code = "StoreAbsent";
  constructor(dataDir: string) {
    super(`${dataDir} holds no rules yet: start the admin (or serve) once, or name another data folder`);
  }
}

/** The rules were written under another pepper, so no digest in them would ever match. */
export class PepperMismatch extends Refusal {
  readonly code = "PepperMismatch";
  constructor(dataDir: string, expected: string, found: string) {
    super(
      `the rules in ${dataDir} were made with pepper ${expected}, but the pepper given is ${found}: ` +
        "restore the pepper file that belongs to this folder (LEAKGATE_PEPPER_FILE or <data>/pepper)",
    );
  }
}

/** A newer Leakgate wrote this folder. */
export class SchemaTooNew extends Refusal {
  readonly code = "SchemaTooNew";
  constructor(dataDir: string, found: number, known: number) {
    super(
      `the rules in ${dataDir} have schema ${found}, this Leakgate knows schemas up to ${known}: use a newer one`,
    );
  }
}

/** An older Leakgate wrote this folder, and who opens it to look must not change it. */
export class SchemaOutdated extends Refusal {
  readonly code = "SchemaOutdated";
  constructor(dataDir: string, found: number, known: number) {
    super(
      `the rules in ${dataDir} have schema ${found}, this Leakgate works with ${known}: start the admin (or serve) once, which upgrades them`,
    );
  }
}

/** The disk refused (full, read-only, broken): nothing of a change was stored; `cause` says why. */
export class StoreFailed extends Refusal {
  readonly code = "StoreFailed";
  constructor(what: string, cause: unknown) {
    super(`could not ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Ids come from the outside: a long one is cut before it stands in a message. */
function shown(id: string): string {
  return JSON.stringify(id.length > 40 ? `${id.slice(0, 40)}...` : id);
}
