import { type Case, one } from "./case.ts";
import { CODINGS, type Coding, filler, identity } from "./codings.ts";
import { byLength, FRAMINGS, type Framing, oneChunk, post, randomChunks } from "./request.ts";
import * as spell from "./spell.ts";

interface Body {
  readonly name: string;
  readonly type: string;
  write(token: string): string;
  /** See `Case`. */
  readonly without?: readonly string[];
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const value = (token: string) => `{"id":1,"key":"${token}"}`;

const PLAIN: Body = { name: "JSON", type: json, write: value };
const SPELLED: readonly Body[] = [
  { name: "JSON with \\u", type: json, write: (t) => value(spell.jsonMixed(t)) },
  { name: "a form with percent", type: form, write: (t) => `a=b&key=${spell.percentMixed(t)}&c=d` },
  { name: "XML with entities", type: "application/xml", write: (t) => `<r>${spell.entityMixed(t)}</r>` },
  { name: "base64 in JSON", type: json, write: (t) => value(spell.base64(`made up ${t}.`)) },
];
const SHORT: Body = { name: "the token alone", type: "text/plain", write: (t) => t };
/** Coded it is half as long, and longer still than what is held. */
const padding = filler(150_000);
/** What it takes is the bytes: the kinds of token that the short bodies carry too are left to those. */
const LARGE: Body = {
  name: "JSON behind 150 KB",
  type: json,
  write: (t) => `{"l":"${padding}","key":"${t}"}`,
  without: ["github", "telegram", "short", "base64"],
};

function stream(body: Body, coding: Coding, framing: Framing): Case {
  const spelling = (t: string) => {
    const extra = coding === identity ? [] : [["Content-Encoding", coding.field] as const];
    return post(body.type, coding.encode(Buffer.from(body.write(t))), { framing, extra });
  };
  const { without = [] } = body;
  return one(`${body.name}, ${coding.name}, ${framing.name}`, spelling, ...without);
}

const named = (name: string) => CODINGS.filter((coding) => coding.name === name);
const SOME = ["gzip", "deflate", "br", "gzip, then br"].flatMap(named);

/** Bodies as they are, cut in every way. */
export const framingCases: readonly Case[] = [PLAIN, ...SPELLED, SHORT].flatMap((body) =>
  FRAMINGS.map((framing) => stream(body, identity, framing)),
);

/** Bodies in every content coding, cut in every way. */
export const codingCases: readonly Case[] = [
  ...CODINGS.flatMap((coding) => FRAMINGS.map((framing) => stream(PLAIN, coding, framing))),
  ...CODINGS.map((coding) => stream(SHORT, coding, byLength)),
  ...SPELLED.flatMap((body) => SOME.map((coding) => stream(body, coding, randomChunks))),
  ...[byLength, oneChunk].flatMap((framing) => SOME.map((coding) => stream(LARGE, coding, framing))),
  stream(LARGE, identity, oneChunk),
  one("gzip in two fields, then br", (t) => {
    const [both] = named("gzip, then br");
    const extra = [["Content-Encoding", "gzip"] as const, ["Content-Encoding", "br"] as const];
    return post(json, both!.encode(Buffer.from(value(t))), { extra });
  }),
  one("gzip with blanks around", (t) => {
    const [gzip] = named("gzip");
    return post(json, gzip!.encode(Buffer.from(value(t))), { extra: [["Content-Encoding", " gzip ,, "]] });
  }),
];
