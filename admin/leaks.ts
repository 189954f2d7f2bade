import type { Call } from "./call.ts";
import { bulkCalls } from "./leaks/bulk.ts";
import { commentCalls } from "./leaks/comments.ts";
import { decisionCalls } from "./leaks/decisions.ts";
import { factCalls } from "./leaks/facts.ts";
import { readinessCalls } from "./leaks/readiness.ts";
import { sightingCalls } from "./leaks/sightings.ts";
import { tokenCalls } from "./leaks/tokens.ts";
import type { Services } from "./services.ts";

/** `/leaks`: the lifecycle, and the set of tokens of each leak. */
export function leakCalls(services: Services): readonly Call[] {
  return [
    ...factCalls(services),
    ...tokenCalls(services),
    ...sightingCalls,
    ...decisionCalls(services),
    ...bulkCalls(services),
    ...commentCalls,
    ...readinessCalls,
  ];
}
