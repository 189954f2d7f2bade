import { auditCalls } from "./audit.ts";
import type { Call } from "./call.ts";
import { eventCalls } from "./events.ts";
import { intakeCalls } from "./intake.ts";
import { keyCalls } from "./keys.ts";
import { leakCalls } from "./leaks.ts";
import { notificationCalls } from "./notify/calls.ts";
import { openApiCall } from "./openapi.ts";
import { previewCalls } from "./preview.ts";
import { ruleCalls } from "./rules.ts";
import type { Services } from "./services.ts";
import { sessionCalls } from "./session.ts";
import { settingsCalls } from "./settings.ts";
import { sourceCalls } from "./sources/calls.ts";
import { inventoryCalls } from "./sources/inventory.ts";
import { statsCalls } from "./stats.ts";
import { statusCalls } from "./status.ts";
import { tenantCalls } from "./tenants.ts";

/** Every call of the API, in the order in which the document shows them. */
export function allCalls(services: Services): readonly Call[] {
  const ofLeaks = [
    ...leakCalls(services),
    ...intakeCalls(services),
    ...sourceCalls(services),
    ...inventoryCalls,
    ...previewCalls(services),
    ...ruleCalls,
    ...eventCalls(services),
    ...statsCalls,
  ];
  const calls = [
    ...ofLeaks.map((each): Call => ({ ...each, isOfLeaks: true })),
    ...statusCalls(services),
    ...auditCalls(services),
    ...settingsCalls,
    ...keyCalls(services),
    ...sessionCalls(services),
    ...tenantCalls(services),
    ...notificationCalls(services),
  ];
  return [...calls, openApiCall(calls, services.version)];
}
