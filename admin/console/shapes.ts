import type { z } from "zod";
import type * as answers from "../answers.ts";
import type * as leaks from "../leaks/answers.ts";

/** What the API answers, as it declares it itself: a field that is no more does not compile. */
export type Leak = z.output<typeof answers.leakAnswer>;
export type LeakDetailed = z.output<typeof leaks.leakDetailed>;
export type LeakPage = z.output<typeof leaks.leakList>;
export type LeakChanged = z.output<typeof leaks.leakChanged>;
export type Token = z.output<typeof answers.tokenAnswer>;
export type TokenPage = z.output<typeof leaks.tokenList>;
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
export type EventGroups = z.output<typeof answers.eventGroupsAnswer>;
export type EventHistogram = z.output<typeof answers.eventHistogramAnswer>;
export type EventCount = z.output<typeof answers.eventCountAnswer>;
export type SignedIn = z.output<typeof answers.sessionAnswer>;
export type KeyChanged = z.output<typeof answers.keyChanged>;
export type ChangePage = z.output<typeof answers.changeList>;
export type JournalVerdict = z.output<typeof answers.journalVerdict>;
export type Preview = z.output<typeof answers.leakPreview>;
