import type { TokenSighting } from "../../rules/store/sightings.ts";
import { type Call, call } from "../call.ts";
import { iso, isoOrNull, type View } from "../views.ts";
import { sightingList } from "./answers.ts";
import { known, tag } from "./common.ts";
import { leakParameters } from "./inputs.ts";

/** `/leaks/{id}/sightings`: where its tokens were seen. */
export const sightingCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/leaks/{id}/sightings",
    tag,
    summary: "Where its tokens were seen",
    description: "By token, in the order in which they came.",
    access: "look",
    query: leakParameters.sightings,
    answers: { 200: { description: "A page of sightings", schema: sightingList } },
    handle: ({ context, tenant: { store }, query: { number: token, limit, cursor }, part }) => {
      const { id } = known(store, part("id"));
      const { sightings, next } = store.sightings.list(id, { token, limit, after: cursor });
      const count = token === undefined ? store.sightings.ofLeak(id) : store.sightings.ofToken(id, token);
      return context.json({ sightings: sightings.map(sightingView), count, next });
    },
  }),
];

function sightingView(sighting: TokenSighting): View {
  return {
    token: String(sighting.token),
    source: sighting.source,
    url: sighting.url,
    path: sighting.path,
    line: sighting.line,
    commit: sighting.commit,
    author: sighting.author,
    seenAt: isoOrNull(sighting.seenAt),
    foundAt: iso(sighting.foundAt),
  };
}
