import type { Call } from "./call.ts";
import { falsePositiveCalls } from "./intake/falsepositives.ts";
import { findingCalls } from "./intake/findings.ts";
import { policyCalls } from "./intake/policies.ts";
import { reportCalls } from "./reports/calls.ts";
import type { Services } from "./services.ts";

/** `/intake`: what comes in from elsewhere, and what people decided of it beforehand. */
export function intakeCalls(services: Services): readonly Call[] {
  return [...findingCalls(services), ...reportCalls(services), ...policyCalls, ...falsePositiveCalls];
}
