import { type Case, one } from "./case.ts";
import { type Field, get } from "./request.ts";
import * as spell from "./spell.ts";

const field = (name: string, value: (token: string) => string, title = "", ...without: string[]): Case =>
  one(title || `${name}: ${value("TOKEN")}`, (t) => get("/", [[name, value(t)]]), ...without);
const fields = (name: string, all: (token: string) => readonly Field[]): Case =>
  one(name, (t) => get("/", all(t)));

/** What stands before a token in `Authorization`, as clients of real APIs send it. */
const SCHEMES =
  "Bearer |bearer |BEARER |bEaReR |Token |token |OAuth |Key |ApiKey |API-Key |AccessKey |GenieKey |SSWS |Bot |JWT |Zoho-oauthtoken |Klaviyo-API-Key |ShippoToken |aivenv1 |SharedKey made-up:|Uploadcare.Simple made-up:|client_id:|NLAuth a=b,nlauth_signature=||   |Bearer    |Bearer\t|Bearer \t |Bearer:";

const NAMES =
  "X-API-Key|x-api-key|X-ApiKey|api-key|apikey|api_key|X-Auth-Token|X-Access-Token|PRIVATE-TOKEN|JOB-TOKEN|Deploy-Token|X-Vault-Token|X-Shopify-Access-Token|X-Figma-Token|x-goog-api-key|xi-api-key|Ocp-Apim-Subscription-Key|DD-API-KEY|X-Made-Up-And-Never-Seen|T|User-Agent|From|Origin|Accept|Accept-Language|If-None-Match|Via|Proxy-Authorization|Content-Type|X-Original-URL|traceparent";

export const fieldCases: readonly Case[] = [
  ...SCHEMES.split("|").map((scheme) => field("Authorization", (t) => `${scheme}${t}`)),
  ...NAMES.split("|").map((name) => field(name, (t) => t)),
  field("Authorization", (t) => `Bearer "${t}"`),
  field("Authorization", (t) => `Bearer '${t}'`),
  field("Authorization", (t) => `Bearer ${t},`),
  field("Authorization", (t) => `Bearer ${t} , x`),
  field("Authorization", (t) => `Bearer ${t};v=1`),
  field("Authorization", (t) => `Token token=${t}, email="a@b"`),
  field("Authorization", (t) => `Token token="${t}"`),
  field("Authorization", (t) => `Token email="a@b",  token =  "${t}"`),
  field("Authorization", (t) => `MediaBrowser Client="a", Token='${t}'`),
  field("Authorization", (t) => `SharedAccessSignature sr=made-up&sig=${t}&skn=x`),
  field("Authorization", (t) => `Digest username="${t}", realm="r", nonce="n", uri="/", response="0"`),
  field("Authorization", (t) => `Digest realm="r", username=${t}, response="0"`),
  field("Authorization", (t) => `AWS4-HMAC-SHA256 Credential=${t}/20250101/eu/s3/aws4_request, Signature=0`),
  field("Authorization", (t) => `AWS ${t}:made-up-signature=`),
  field("Authorization", (t) => `Hawk id="${t}", ts="1", nonce="n", mac="m="`),
  field("Authorization", (t) => `Bearer ${spell.base64(t)}`),
  field("Authorization", (t) => `Bearer ${spell.base64Url(t)}`),
  field("X-Token", (t) => `a, ${t} ,c`),
  field("X-Token", (t) => `a=1; key=${t}; c`),
  field("X-Token", (t) => `{"key":"${t}"}`),
  field("X-Token", (t) => `<${t}>`),
  field("X-Token", (t) => `(${t})`),
  field("X-Token", (t) => `before${t}`),
  field("X-Token", (t) => spell.base64(`{"key":"${t}"}`)),
  field("X-Token", (t) => spell.base64UrlPadded(`id=1&key=${t}&x`)),
  field("X-Grpc-bin", (t) => spell.base64(t)),
  field("x-grpc-bin", (t) => spell.base64NoPadding(`\n\u0003${t}\u0012`)),
  field("x-grpc-bin", (t) => `${spell.base64("made up")},${spell.base64(t)}`),
  field("Referer", (t) => `https://made.up/page?key=${t}&x=1`),
  field("Referer", (t) => `https://made.up/page#access_token=${t}`),
  field("Referer", (t) => `https://made.up/bot${t}/x`),
  field("Referer", (t) => `https://${t}@made.up/`),
  field("Referer", (t) => `https://made.up/?key=${spell.percentAll(t)}`),
  field("Referer", (t) => `https://made.up/?key=${spell.percentMixed(t)}&x`),
  field("Cookie", (t) => `sid=${t}`),
  field("Cookie", (t) => `a=b; sid=${t}; c=d`),
  field("Cookie", (t) => `a=b;sid=${t};c=d`),
  field("Cookie", (t) => `sid="${t}"`),
  field("Cookie", (t) => `sid=x; sid=${t}`),
  field("Cookie", (t) => `sid=${t}; sid=x`),
  field("Cookie", (t) => `${t}=1`),
  field("Cookie", (t) => t),
  field("Cookie", (t) => `sid=${spell.percentAll(t)}; a=b`),
  field("Cookie", (t) => `sid=${spell.percentLower(t)}`),
  field("Cookie", (t) => `sid="${spell.percentNeeded(t)}"`, "Cookie: sid=TOKEN, quoted and percent-encoded"),
  field("Cookie", (t) => `s=j%3A${spell.percentNeeded(`{"key":"${t}"}`)}`),
  field("Cookie", (t) => `session=${spell.base64(`{"passport":{"key":"${t}"}}`)}; session.sig=x`),
  field("Cookie", (t) => `session=${spell.base64Url(`{"key":"${t}"}`)}`),
  field(
    "Cookie",
    (t) => `session=${spell.percentNeeded(spell.base64(`{"key":"${t}"}`))}`,
    "Cookie: session= base64, percent-encoded",
  ),
  field("Sec-WebSocket-Protocol", (t) => `chat, ${t}`),
  field("Sec-WebSocket-Protocol", (t) => `base64url.bearer.authorization.k8s.io.${spell.base64Url(t)}, chat`),
  fields("the first of three fields", (t) => [
    ["X-Key", t],
    ["X-Key", "x"],
    ["X-Key", "y"],
  ]),
  fields("the second of three fields", (t) => [
    ["X-Key", "x"],
    ["X-Key", t],
    ["X-Key", "y"],
  ]),
  fields("the third of three fields", (t) => [
    ["X-Key", "x"],
    ["X-Key", "y"],
    ["x-key", t],
  ]),
  fields("the first Authorization", (t) => [
    ["Authorization", `Bearer ${t}`],
    ["Authorization", "Bearer x"],
  ]),
  fields("the second Authorization", (t) => [
    ["Authorization", "Bearer x"],
    ["authorization", `Bearer ${t}`],
  ]),
  fields("the second Cookie", (t) => [
    ["Cookie", "a=b"],
    ["Cookie", `sid=${t}`],
  ]),
  fields("the last of ninety fields", (t) => [
    ...Array.from({ length: 90 }, (_, index): Field => [`X-Made-Up-${index}`, "x"]),
    ["X-Key", t],
  ]),
  fields("a token behind 8 KB of other values", (t) => [
    ["X-Long", "made up ".repeat(1000)],
    ["X-Key", t],
  ]),
  one("the name of a field", (t) => get("/", [[`X-${t}`, "1"]]), "telegram", "jwt", "base64"),
  one("the Host", (t) => get("/", [], { host: `${t}.made.up` }), "base64", "long"),
  one("a WebSocket handshake", (t) => get("/ws", handshake(`chat, ${t}`))),
  one("a WebSocket handshake as Kubernetes has it", (t) =>
    get("/ws", handshake(`chat, base64url.bearer.authorization.k8s.io.${spell.base64Url(t)}`)),
  ),
  one("Authorization of a WebSocket handshake", (t) =>
    get("/ws", [...handshake("chat"), ["Authorization", `Bearer ${t}`]]),
  ),
];

/** RFC 7617: user-id and password with a colon between, in base64; read as leniently as `Buffer.from` does. */
const BASIC: readonly (readonly [string, (token: string) => string])[] = [
  ["the user", (t) => spell.base64(`${t}:`)],
  ["the user, with a password", (t) => spell.base64(`${t}:x-oauth-basic`)],
  ["the password", (t) => spell.base64(`made-up:${t}`)],
  ["the password of nobody", (t) => spell.base64(`:${t}`)],
  ["user and password", (t) => spell.base64(`${t}:${t}`)],
  ["after the last colon", (t) => spell.base64(`a:b:c:${t}`)],
  ["before the first colon", (t) => spell.base64(`${t}:b:c`)],
  ["between colons", (t) => spell.base64(`a:${t}:c`)],
  ["no colon", (t) => spell.base64(t)],
  ["no padding", (t) => spell.base64NoPadding(`user1:${t}`)],
  ["too much padding", (t) => `${spell.base64(`user:${t}`)}==`],
  ["URL alphabet", (t) => spell.base64UrlPadded(`ÿ?>~:${t}`)],
  ["URL alphabet without padding", (t) => spell.base64Url(`ÿ?>~:${t}`)],
  ["inner blanks", (t) => spell.base64Lines(`made-up:${t}`, 10, " ")],
  ["inner tabs", (t) => spell.base64Lines(`made-up:${t}`, 7, "\t")],
  ["a UTF-8 user", (t) => spell.base64(`jürgen:${t}`)],
  ["an end of junk", (t) => `${spell.base64(`made-up:${t}`)}!!`],
  ["a start of blanks", (t) => `   ${spell.base64(`made-up:${t}`)}`],
];

export const basicCases: readonly Case[] = [
  ...BASIC.map(([name, value]) => one(name, (t) => get("/", [["Authorization", `Basic ${value(t)}`]]))),
  ...["basic ", "BASIC ", "bAsIc\t", "Basic \t "].map((scheme) =>
    field("Authorization", (t) => `${scheme}${spell.base64(`made-up:${t}`)}`),
  ),
  field("Proxy-Authorization", (t) => `Basic ${spell.base64(`made-up:${t}`)}`),
  field("X-Authorization", (t) => `Basic ${spell.base64(`${t}:`)}`),
  fields("the second Basic", (t) => [
    ["Authorization", `Basic ${spell.base64("a:b")}`],
    ["Authorization", `Basic ${spell.base64(`a:${t}`)}`],
  ]),
  fields("Basic after Bearer", (t) => [
    ["Authorization", "Bearer x"],
    ["Authorization", `Basic ${spell.base64(`a:${t}`)}`],
  ]),
];

function handshake(protocols: string): Field[] {
  return [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", "bWFkZS11cC1tYWRlLXVwLQ=="],
    ["Sec-WebSocket-Protocol", protocols],
  ];
}
