import { pageOf, type TokenRecordView } from "../rules/store/pages.ts";
import type { RulesStore } from "../rules/store.ts";

/** The live tokens of a leak with a number above `after`, in order, at most `limit`. */
export function tokensAfter(
  store: RulesStore,
  leakId: string,
  after: number,
  limit: number,
): TokenRecordView[] {
  const found: TokenRecordView[] = [];
  const pages = store.tokenPageCount(leakId);
  for (let number = pageOf(after + 1); number < pages && found.length < limit; number++) {
    const page = store.tokenPage(leakId, number);
    for (let index = 0; index < page.count && found.length < limit; index++)
      if (page.numberAt(index) > after && !page.removedAt(index)) found.push(page.at(index));
  }
  return found;
}
