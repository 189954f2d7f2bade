import { type Case, one } from "./case.ts";
import { get } from "./request.ts";
import * as spell from "./spell.ts";

const target = (write: (token: string) => string, ...without: string[]): Case =>
  one(write("TOKEN"), (t) => get(write(t)), ...without);

/** Ways to percent-encode a text within a target. */
const PERCENT: readonly (readonly [string, (token: string) => string])[] = [
  ["every character, capitals", spell.percentAll],
  ["every character, small letters", spell.percentLower],
  ["every other character", spell.percentMixed],
  ["the first character", spell.percentFirst],
  ["the last character", spell.percentLast],
  ["what must be", spell.percentNeeded],
  ["every character, twice", spell.percentTwice],
  ["what must be, twice", (t) => spell.percentNeeded(spell.percentNeeded(t))],
  ["the first character, twice", (t) => spell.percentTwice(t[0]!) + t.slice(1)],
  ["the last character, twice", (t) => t.slice(0, -1) + spell.percentTwice(t.slice(-1))],
];

export const pathCases: readonly Case[] = [
  target((t) => `/${t}`),
  target((t) => `/v1/${t}/items`),
  target((t) => `/v1/${t}?a=b`),
  target((t) => `/bot${t}/sendMessage`),
  target((t) => `/file/bot${t}`),
  target((t) => `/services/T000/B000/${t}`),
  target((t) => `/v1/${t}.json`),
  target((t) => `/v1/@${t}`),
  target((t) => `/v1/~${t}~/`),
  target((t) => `/v1/a,${t},b`),
  target((t) => `/items;jsessionid=${t}`),
  target((t) => `/items;jsessionid=${t}?a=b`),
  target((t) => `/a;k=${t};m=n/b`),
  target((t) => `/a/(S(${t}))/b`),
  target((t) => `//${t}`),
  target((t) => `///v1///${t}///x`),
  target((t) => `/./${t}/./x`),
  target((t) => `/a/../${t}/..`),
  target((t) => `/a/%2e%2e/${t}/%2E/`),
  target((t) => `/a%2F${t}%2Fb`),
  target((t) => `/a%2f${t}`),
  target((t) => `/a%252F${t}%252Fb`),
  target((t) => `/a%3Bk%3D${t}`),
  target((t) => `/a%20${t}%20b`),
  target((t) => `/a%00${t}%00b`),
  target((t) => `/%22${t}%22`),
  target((t) => `/a%23${t}`),
  target((t) => `/a%3Fkey=${t}`),
  ...PERCENT.flatMap(([name, write]) => [
    one(`a segment, percent: ${name}`, (t) => get(`/v1/${write(t)}/x`)),
    one(`the end of the path, percent: ${name}`, (t) => get(`/bot${write(t)}`)),
  ]),
  one("a segment in base64url", (t) => get(`/v1/${spell.base64Url(t)}/x`)),
  one("a segment of JSON in base64url", (t) => get(`/${spell.base64UrlPadded(`{"key":"${t}"}`)}`)),
];

export const queryCases: readonly Case[] = [
  target((t) => `/?key=${t}`),
  target((t) => `/?a=b&key=${t}&c=d`),
  target((t) => `/?key=x&key=${t}`),
  target((t) => `/?key=${t}&key=x`),
  target((t) => `/?key=x&key=${t}&key=y`),
  target((t) => `/?a[]=x&a[]=${t}`),
  target((t) => `/?a[b][c]=${t}`),
  target((t) => `/?a%5Bb%5D%5B%5D=${t}`),
  target((t) => `/?a.b.c=${t}`),
  target((t) => `/?${t}`),
  target((t) => `/?${t}=1`),
  target((t) => `/?a=1&${t}`),
  target((t) => `/?a=1;key=${t};b=2`),
  target((t) => `/?=${t}`),
  target((t) => `/?key==${t}`),
  target((t) => `/??key=${t}`),
  target((t) => `/?key=${t}&`),
  target((t) => `/?key=+${t}+`),
  target((t) => `/?key=%20${t}%20`),
  target((t) => `/?key=%22${t}%22`),
  target((t) => `/?key=Bearer+${t}`),
  target((t) => `/?a%23access_token=${t}`),
  target((t) => `/?a=b%23${t}`),
  target((t) => `/?redirect=https://made.up/?key=${t}`),
  target((t) => `/?redirect=https%3A%2F%2Fmade.up%2F%3Fkey%3D${t}%26x`),
  target((t) => `/?X-Amz-Credential=${t}%2F20250101%2Feu%2Fs3%2Faws4_request`),
  target((t) => `/?X-Amz-Credential=${t}/20250101/eu/s3/aws4_request&X-Amz-Date=x`),
  target((t) => `/?json={"key":"${t}"}`),
  one("?json=, percent-encoded", (t) => get(`/?json=${spell.percentNeeded(`{"key":"${t}"}`)}`)),
  one("?json= with \\u escapes", (t) => get(`/?json={"key":"${spell.jsonLower(t)}"}`)),
  one("?json= with \\u escapes, percent-encoded", (t) =>
    get(`/?json=${spell.percentNeeded(`{"key":"${spell.jsonMixed(t)}"}`)}`),
  ),
  one("?redirect= a percent-encoded URL with a percent-encoded token", (t) =>
    get(`/?redirect=${spell.percentNeeded(`https://made.up/?key=${spell.percentMixed(t)}`)}`),
  ),
  one("?state= in base64", (t) => get(`/?state=${spell.base64(`{"key":"${t}"}`)}`)),
  one("?state= in base64, percent-encoded", (t) =>
    get(`/?a=b&state=${spell.percentNeeded(spell.base64(`{"key":"${t}"}`))}&c`),
  ),
  one("?state= in base64url", (t) => get(`/?state=${spell.base64Url(`>>?${t}`)}&a=b`)),
  one("a GraphQL query", (t) => get(`/graphql?query={me(token:"${t}"){id}}`)),
  one("a GraphQL query, percent-encoded", (t) =>
    get(`/graphql?query=${spell.percentNeeded(`{ me(token: "${t}") { id } }`)}`),
  ),
  ...PERCENT.flatMap(([name, write]) => [
    one(`a value, percent: ${name}`, (t) => get(`/?a=b&key=${write(t)}&c=d`)),
    one(`a key, percent: ${name}`, (t) => get(`/?${write(t)}`)),
  ]),
  one("an absolute target", (t) => get(`http://api/?key=${t}`)),
  one("an absolute target, percent-encoded", (t) => get(`http://api/?key=${spell.percentAll(t)}`)),
  one("an absolute target's path", (t) => get(`HTTP://api/bot${t}/x`)),
  ...["HEAD", "DELETE", "OPTIONS", "PUT", "PATCH", "PROPFIND"].map((method) =>
    one(`${method} /?key=TOKEN`, (t) => get(`/?key=${t}`, [], { method })),
  ),
  one("HTTP/1.0", (t) => get(`/?key=${t}`, [["Connection", "keep-alive"]], { version: "HTTP/1.0" })),
  one("behind 5 KB of query", (t) => get(`/?long=${"made-up.".repeat(640)}&key=${t}`)),
];
