import { randomBytes } from "node:crypto";
import { RequestHead } from "../proxy/normalize.ts";
import { addressBit, SeenValues } from "../proxy/seen.ts";
import { digestBytes } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { median } from "./stats/spread.ts";
import { type Case, measure } from "./turns.ts";

/**
 * Micro-benchmark of what a request pays for being remembered: `npm run bench:seen`. The table is as large as by
 * default, and full; processor time of this process, the median of several rounds, the cases taking turns.
 */
const VALUES = 65_536;
/** Clients that take turns: each request meets another bucket. */
const CLIENTS = 1_024;

const pepper = Pepper.fromBytes(randomBytes(32));
const seen = new SeenValues(pepper, VALUES, Date.now());
const address = addressBit("192.0.2.7");
const now = Date.now();
let turn = 0;

function headOf(presented: string[] | null, target = "/api/v1/orders/8c4b1f0e"): RequestHead {
  const head = new RequestHead();
  head.host = "api.example.com";
  head.target = target;
  head.presented = presented;
  return head;
}

function madeUp(bytes: number): string {
  return `made-up-${randomBytes(bytes).toString("base64url")}`.slice(0, bytes);
}

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.${randomBytes(256).toString("base64url")}`;
}

/** The requests of many clients, in turn. */
function noteCase(name: string, make: () => RequestHead): Case {
  const heads = Array.from({ length: CLIENTS }, make);
  const run = () => seen.note(heads[turn++ % CLIENTS]!, address, now);
  return { name, bytes: 0, run, times: [] };
}

for (let filled = 0; filled < VALUES * 2; filled++)
  seen.note(headOf(["Authorization", `Bearer ${madeUp(40)}`]), address, now);

const claims = { iss: "https://login.example.com/", aud: "made-up", exp: 1_900_000_000 };
const cases = [
  noteCase("no credential", () => headOf(null)),
  noteCase("Bearer of 40 bytes", () => headOf(["Authorization", `Bearer ${madeUp(40)}`])),
  noteCase("JWT of 560 bytes", () =>
    headOf(["Authorization", `Bearer ${jwt({ ...claims, sub: madeUp(40) })}`]),
  ),
  noteCase("key in the query", () => headOf(null, `/orders?expand=items&api_key=${madeUp(32)}&page=2`)),
  noteCase("cookies, one a session", () =>
    headOf(["Cookie", `theme=dark; _ga=GA1.2.3.4; session=${madeUp(32)}; lang=en`]),
  ),
  {
    name: "Bearer never seen before",
    bytes: 0,
    run: () =>
      seen.note(
        headOf(["Authorization", `Bearer ${turn++}${"made-up-unseen-token-".padEnd(40, "0")}${turn}`]),
        address,
        now,
      ),
    times: [],
  },
];
const lookCase = (name: string, token: () => string): Case => {
  const made = Array.from({ length: CLIENTS }, () => {
    const text = token();
    const { anchor, fingerprint, length } = digestBytes(Buffer.from(text), pepper);
    return { anchor, fingerprint, length };
  });
  const run = () => {
    const { anchor, fingerprint, length } = made[turn++ % CLIENTS]!;
    seen.of(anchor, fingerprint, length);
  };
  return { name, bytes: 0, run, times: [] };
};
cases.push(
  lookCase("looked for, never came", () => madeUp(40)),
  lookCase("looked for, came", () => {
    const token = madeUp(40);
    for (let times = 0; times < 3; times++) seen.note(headOf(["X-Api-Key", token]), address, now);
    return token;
  }),
);
measure(cases);
console.log(`node ${process.version}; room for ${VALUES} values; processor time, median\n`);
for (const { name, times } of cases)
  console.log(`${name.padEnd(28)} ${(median(times) * 1_000).toFixed(0).padStart(6)} ns`);
