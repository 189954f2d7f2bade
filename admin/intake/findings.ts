import { z } from "zod";
import { sightingLimits } from "../../rules/sighting.ts";
import { urlCharsMax } from "../../rules/text.ts";
import { TOKEN_BYTES_MAX } from "../../rules/token.ts";
import { type Call, call } from "../call.ts";
import { strict, text, time } from "../inputs.ts";
import type { Services } from "../services.ts";
import type { View } from "../views.ts";
import { takenAnswer } from "./answers.ts";
import { tag } from "./tag.ts";
import { type GivenFinding, type TakeInOutcome, takeInFindings } from "./takein.ts";

const FINDINGS_MAX = 10_000;
/** What a text may have at most before its own limit is looked at: then the finding is refused, and not the call. */
const TEXT_CHARS = 4 * Math.max(urlCharsMax, TOKEN_BYTES_MAX);

const said = text.max(TEXT_CHARS).nullable().optional();
const sighting = strict({
  source: text.max(TEXT_CHARS).describe("Who tells of it: 1 to 32 of a-z, 0-9, _ and -."),
  url: said.describe("http, https, git or ssh; a user name in it is left out."),
  path: said,
  line: z.number().nullable().optional().describe("From 1."),
  commit: said.describe(`At most ${sightingLimits.commitChars} letters and digits.`),
  author: said,
  seenAt: time.nullable().optional().describe("When it leaked there."),
  foundAt: time.optional().describe("Now where it is left out."),
}).describe("Where it was seen. What of it holds a token is masked.");
const finding = strict({
  token: text.max(TEXT_CHARS).optional().describe("In clear."),
  hash: text
    .max(TEXT_CHARS)
    .optional()
    .describe("Where nobody has it in clear: `sha256:` or `sha1:`, and hex digits."),
  kind: text.max(TEXT_CHARS).optional().describe("What the source takes it for."),
  verified: z.boolean().optional().describe("The source has tried it, and it works."),
  name: text.max(TEXT_CHARS).optional().describe("Of the leak, should it become one."),
  description: text.max(TEXT_CHARS).optional(),
  risk: z.number().optional().describe("1 to 10; left out, it is 9 where `verified`, else 6."),
  sighting,
}).refine(({ token, hash }) => (token === undefined) !== (hash === undefined), {
  message: "must hold a token or a hash, and not both",
});
/** What `POST /intake/findings` takes, and the signed webhook too. */
export const findingsBody = strict({ findings: z.array(finding).min(1).max(FINDINGS_MAX) }).meta({
  examples: [
    {
      findings: [
        { token: "made-up-token-0001", sighting: { source: "scanner", path: "config/.env", line: 3 } },
      ],
    },
  ],
});

/** `/intake/findings`: what somebody found, token by token. */
export function findingCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: "/intake/findings",
      tag,
      summary: "Take in what was found where",
      description:
        "A token that nobody knows makes a leak, opened; one that a leak holds has a sighting more; one that was closed, and " +
        "is seen elsewhere, makes a leak that is a regression. The same again changes nothing. A finding that cannot be " +
        "taken in is refused alone.",
      access: "change",
      body: findingsBody,
      answers: { 200: { description: "What became of them", schema: takenAnswer } },
      handle: async ({ context, tenant, actor, body: { findings } }) =>
        context.json(takenView(await takeInFindings(services, tenant, actor, findings.map(given)))),
    }),
  ];
}

/** A finding of the body as it is taken in. */
export function given({ token, hash, ...rest }: z.output<typeof finding>): GivenFinding {
  return { ...rest, token: token ?? { hash: hash ?? "" } };
}

/** What became of findings, as it is answered. */
export function takenView({ refusals, ...outcome }: TakeInOutcome): View {
  const named = refusals.map(({ index, reason, detail }) => ({
    pointer: `#/findings/${index}`,
    reason,
    detail,
  }));
  return { ...outcome, refusals: named };
}
