import type { z } from "zod";
import type * as answers from "../answers.ts";

/** What the API answers, as it declares it itself: a field that is no more does not compile. */
export type Leak = z.output<typeof answers.leakAnswer>;
export type LeakDetailed = z.output<typeof answers.leakDetailed>;
export type LeakPage = z.output<typeof answers.leakList>;
export type LeakChanged = z.output<typeof answers.leakChanged>;
export type Token = z.output<typeof answers.tokenAnswer>;
export type TokenPage = z.output<typeof answers.tokenList>;
export type HistoryEntry = z.output<typeof answers.historyAnswer>;
export type Rule = z.output<typeof answers.ruleAnswer>;
export type RulePage = z.output<typeof answers.ruleList>;
export type Event = z.output<typeof answers.eventAnswer>;
export type EventPage = z.output<typeof answers.eventList>;
export type Stats = z.output<typeof answers.statsAnswer>;
export type Status = z.output<typeof answers.statusAnswer>;
export type Key = z.output<typeof answers.keyAnswer>;
export type KeyMade = z.output<typeof answers.keyMade>;
export type Tenant = z.output<typeof answers.tenantAnswer>;
