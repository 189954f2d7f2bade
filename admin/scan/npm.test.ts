import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { tarOf } from "../../test/archives.ts";
import { NpmReader } from "./npm.ts";
import { defaultLimits, type Mark, type Piece, SourceFailed } from "./source.ts";

const tarball = gzipSync(tarOf([{ name: "package/index.js", bytes: "text" }]));
const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let base: string;
let asked: string[];
let answers: Record<string, Answer>;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url!);
    const answer = answers[request.url!];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  answers = {
    "/@acme%2fapp/1.2.3": describing({ tarball: `${base}files/app.tgz`, integrity }),
    "/files/app.tgz": (_, response) => response.end(tarball),
  };
});

function describing(dist: object): Answer {
  const document = { name: "@acme/app", version: "1.2.3", dist, _npmUser: { name: "ann" } };
  return (_, response) => response.end(JSON.stringify(document));
}

async function pieces(spec: string, mark: Mark | null = null, allowPrivate = true): Promise<Piece[]> {
  const reader = new NpmReader(spec, { registry: base, allowPrivate });
  const all: Piece[] = [];
  const signal = new AbortController().signal;
  for await (const piece of reader.read({ mark, limits: defaultLimits, signal })) all.push(piece);
  return all;
}

test("the files of a package are given, and the same package again is not fetched", async () => {
  const [file, mark, ...others] = await pieces("@acme/app@1.2.3");
  expect(others).toEqual([]);
  expect(file).toEqual({
    kind: "text",
    path: "@acme/app@1.2.3!/package/index.js",
    place: {
      source: "npm",
      url: `${base}files/app.tgz`,
      path: "@acme/app@1.2.3!/package/index.js",
      author: "ann",
    },
    bytes: Buffer.from("text"),
  });
  expect(mark).toEqual({ kind: "mark", mark: { version: "1.2.3", sum: integrity } });
  asked = [];
  expect(await pieces("@acme/app@1.2.3", (mark as Extract<Piece, { kind: "mark" }>).mark)).toEqual([mark]);
  expect(asked).toEqual(["/@acme%2fapp/1.2.3"]);
});

test.each<[string, () => void, string]>([
  [
    "is another one than its registry says",
    () => {
      answers["/files/app.tgz"] = (_, response) => response.end(gzipSync("something else"));
    },
    "not what its registry says",
  ],
  [
    "has no sum",
    () => {
      answers["/@acme%2fapp/1.2.3"] = describing({ tarball: `${base}files/app.tgz` });
    },
    "not what its registry says",
  ],
  [
    "is described by what is no document",
    () => {
      answers["/@acme%2fapp/1.2.3"] = (_, response) => response.end("<html>");
    },
    "describes no package",
  ],
  [
    "is described without end",
    () => {
      answers["/@acme%2fapp/1.2.3"] = (_, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(65_536, " ")));
        };
        response.on("drain", more);
        more();
      };
    },
    "longer than",
  ],
  [
    "redirects in a circle",
    () => {
      answers["/files/app.tgz"] = (_, response) =>
        response.writeHead(302, { location: "/files/app.tgz" }).end();
    },
    "redirects too often",
  ],
  [
    "leads to where clouds keep their secrets",
    () => {
      answers["/files/app.tgz"] = (_, response) =>
        response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    },
    "EADDRREFUSED",
  ],
  ["is not there", () => delete answers["/@acme%2fapp/1.2.3"], "404"],
])("a package that %s is refused", async (_what, change, why) => {
  change();
  const failure = await pieces("@acme/app@1.2.3").catch((error) => error);
  expect(failure).toBeInstanceOf(SourceFailed);
  expect(failure.message).toContain(why);
});

test("a registry at a private address is not asked where that is not allowed", async () => {
  await expect(pieces("@acme/app@1.2.3", null, false)).rejects.toMatchObject({ isLasting: true });
  expect(asked).toEqual([]);
});

test.each(["", "../x", "a/b", "@a", "a@1 2", "-x@@", "a@../../x"])("%j is no package", (spec) => {
  expect(() => new NpmReader(spec, { registry: base, allowPrivate: true })).toThrow(SourceFailed);
});
