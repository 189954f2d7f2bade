import { digestTokens, type TokenDigest } from "../../rules/digest.ts";
import { judgeOf } from "../../rules/intake.ts";
import { LineRefusals } from "../../rules/linerefused.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { digestHashes } from "../../rules/tokenhash.ts";
import { warnOfCommon } from "../hunt.ts";
import { errorsShown } from "../problem.ts";
import type { Services } from "../services.ts";

/** Digests what a call gives, and tells what of it is common in traffic. Throws LineRefused, LinesRefused. */
export async function digestGiven(
  services: Services,
  { name, pepper, store }: Tenant,
  tokens: readonly string[],
  hashes: readonly string[],
): Promise<TokenDigest[]> {
  const judge = judgeOf(store.falsePositiveRules());
  const refusals = new LineRefusals(errorsShown);
  const digests = await digestTokens(tokens, pepper, judge, refusals);
  const ofHashes = await digestHashes(hashes, pepper, refusals);
  refusals.end();
  return warnOfCommon(services, name, digests.concat(ofHashes));
}
