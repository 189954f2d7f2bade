import { existsSync } from "node:fs";
import { join } from "node:path";
import { Pepper } from "../pepper.ts";
import { PepperMismatch } from "../refusal.ts";
import { schemaKnown } from "../store/upgrade.ts";
import { RulesStore } from "../store.ts";
import { tenantPepper } from "../tenants.ts";
import { readMeta, tidy } from "./copy.ts";
import type { StoreCopy } from "./manifest.ts";
import { BackupBroken, PepperMissing } from "./refusals.ts";

/** Opens a copied store and audits it. Rejects with BackupBroken. */
export async function verifyStore(root: string, folder: string): Promise<StoreCopy> {
  const rules = join(root, folder, "rules");
  const { schema, pepper, head } = await readMeta(rules);
  const known = { folder, schema, pepper, revision: head.revision, head: head.hash };
  // One of an older version is upgraded, and then verified, where it is used.
  const audited = schema === schemaKnown;
  if (audited) {
    const store = await RulesStore.open(join(root, folder), pepper, { readOnly: true });
    const verdict = await store.audit().finally(() => store.close());
    if (!verdict.ok) throw new BackupBroken(`${rules}: revision ${verdict.revision}: ${verdict.why}`);
  }
  tidy(rules);
  return { ...known, audited };
}

/**
 * Holds each store's pepper against the one that would be used with it in `root`; `name` is what messages call it.
 * Throws PepperUnusable, PepperMissing, PepperMismatch.
 */
export function checkPeppers(
  root: string,
  name: string,
  stores: readonly StoreCopy[],
  env: NodeJS.ProcessEnv,
): void {
  for (const { folder, pepper: expected } of stores) {
    const found = pepperOf(root, folder, expected, env);
    if (found !== expected) throw new PepperMismatch(join(name, folder), expected, found);
  }
}

function pepperOf(root: string, folder: string, expected: string, env: NodeJS.ProcessEnv): string {
  const isOwn = folder.startsWith("tenants/");
  const file = isOwn ? join(root, folder, "pepper") : join(root, "pepper");
  if (!isOwn && env.LEAKGATE_PEPPER_FILE === undefined && !existsSync(file))
    throw new PepperMissing(expected);
  return isOwn ? tenantPepper(root, folder.slice("tenants/".length), env).id : Pepper.load(root, env).id;
}
