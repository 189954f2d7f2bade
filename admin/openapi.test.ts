import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";
import { temporaryFolder } from "../test/support.ts";
import { allCalls } from "./calls.ts";
import { exampleOf } from "./examples.ts";
import { type Node, schemaOf } from "./schemas.ts";
import type { Services } from "./services.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

type Operation = {
  operationId: string;
  "x-leakgate-roles": string[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, { headers?: Record<string, unknown> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

let admin: TestAdmin;
let document: Document;
let text: string;
beforeAll(async () => {
  admin = await TestAdmin.start();
  const answer = await admin.call<Document>("GET", "/api/v1/openapi.json");
  expect(answer.status).toBe(200);
  ({ body: document, text } = answer);
});
afterAll(() => admin.stop());

describe("the document", () => {
  test("has every call once, and every reference leads somewhere", () => {
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    expect(references.length).toBeGreaterThan(20);
    for (const path of references) {
      const found = path
        .split("/")
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], document);
      expect([path, typeof found]).toEqual([path, "object"]);
    }
    expect(document.paths["/api/v1/leaks"]!.post!["x-leakgate-roles"]).toEqual([
      "administrator",
      "global_administrator",
    ]);
  });

  test("is valid OpenAPI 3.1 to a public validator", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    // It can tell: a misspelled word is found.
    const wrong = structuredClone(document) as unknown as { paths: Record<string, { get: Node }> };
    wrong.paths["/api/v1/leaks"]!.get.responses = { made: "up" };
    expect(await new Validator().validate(wrong)).toMatchObject({ valid: false });
  });

  test("says which headers an answer has", () => {
    const { post, get } = document.paths["/api/v1/leaks"]!;
    expect(Object.keys(post!.responses[201]!.headers!)).toEqual([
      "ETag",
      "Location",
      "Idempotency-Replayed",
      "X-Request-Id",
    ]);
    expect(Object.keys(get!.responses[200]!.headers!)).toEqual(["X-Request-Id"]);
  });

  /** Where a schema has no `examples`, one is made of its fields: it must be one that the schema takes. */
  test("has an example for every body, sent or answered, that its schema takes; tokens in them are made up", () => {
    for (const { method, path, body, answers } of allCalls({ version: "0" } as Services)) {
      const answered = Object.values(answers).map(({ schema }) => ["output", schema] as const);
      for (const [io, schema] of [["input", body] as const, ...answered]) {
        if (schema === undefined) continue;
        const schemas: Node = {};
        const example = exampleOf(schemaOf(schema, io, schemas), schemas);
        const { error } = schema.safeParse(example);
        const fault = `${method} ${path}: give the schema of what is ${io} .meta({ examples: [...] })`;
        expect(error === undefined ? [] : [fault, example, error.issues]).toEqual([]);
      }
    }
    expect(text).not.toMatch(/lgk_[0-9A-Za-z]{8}_/);
  });
});

/** The calls of the generated client that the test makes, as its types say. */
interface Client {
  defaults: { baseUrl: string; headers: Record<string, string> };
  postLeaks(body: object): Promise<Answered>;
  postLeaksVpatch(id: string, body: object, more?: object): Promise<Answered>;
  getLeaks(more?: object): Promise<Answered>;
  getLeaksOne(id: string): Promise<Answered>;
  postLeaksClose(id: string, body: object, more?: object): Promise<Answered>;
}
type Answered = {
  status: number;
  data: { id: string; status: string; detail: string; leaks: { id: string }[]; next: string | null };
};

/** What somebody would write with the client; it compiles only if the types of the client are right. */
const PROGRAM = `
import * as api from "${"./client.ts"}";
export async function work(): Promise<string[]> {
  const made = await api.postLeaks({ name: "x", risk: 5, tokens: ["made-up-token-0001"] });
  if (made.status !== 201) throw new Error(made.data.detail);
  const risk: number = made.data.risk;
  const preview: string = made.data.tokens[0]!.preview;
  const page = await api.getLeaks({ status: "opened,patched", limit: "1" });
  return page.status === 200 ? page.data.leaks.map(({ id }) => id + preview + risk) : [];
}
`;

describe("a client generated from the document as it is served", () => {
  let folder: { path: string; remove(): void };
  let client: Client;
  beforeAll(async () => {
    folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    writeFileSync(at("openapi.json"), text);
    writeFileSync(at("package.json"), '{"type":"module"}');
    symlinkSync(join(root, "node_modules"), at("node_modules"), "dir");
    const generator = join(root, "node_modules/oazapfts/dist/cli.js");
    await run(process.execPath, [generator, at("openapi.json"), at("client.ts")]);
    writeFileSync(at("program.ts"), PROGRAM);
    writeFileSync(at("tsconfig.json"), JSON.stringify(CLIENT_TSCONFIG));
    mkdirSync(at("dist"));
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder.path]);
    expect(readFileSync(at("dist/program.js"), "utf8")).toContain("./client.js");
    client = (await import(/* @vite-ignore */ at("dist/client.js"))) as Client;
    client.defaults.baseUrl = admin.url;
    client.defaults.headers = { authorization: `Bearer ${admin.administrator}` };
  }, 60_000);
  afterAll(() => folder.remove());

  test("registers, applies, lists, pages and closes", async () => {
    const registered = await client.postLeaks({ name: "a", risk: 8, tokens: ["made-up-token-0001"] });
    expect(registered).toMatchObject({ status: 201, data: { status: "opened", tokenCount: 1 } });
    const { id } = registered.data;
    for (const name of ["b", "c"]) await client.postLeaks({ name, risk: 2, tokens: ["made-up-token-0002"] });

    const applied = await client.postLeaksVpatch(id, { scope: { hosts: ["api.example"] } });
    expect(applied).toMatchObject({
      status: 200,
      data: { status: "patched", rule: { scope: { hosts: ["api.example"] } } },
    });

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.getLeaks({ limit: "2", ...(cursor === undefined ? {} : { cursor }) });
      expect(page.status).toBe(200);
      seen.push(...page.data.leaks.map((leak) => leak.id));
      cursor = page.data.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(["leak-3", "leak-2", "leak-1"]);

    const stale = await client.postLeaksClose(id, {}, { ifMatch: '"1"' });
    expect(stale).toMatchObject({ status: 412, data: { title: "Precondition Failed" } });
    expect(await client.postLeaksClose(id, { reason: "rotated" }, { ifMatch: '"2"' })).toMatchObject({
      status: 200,
    });
    expect(await client.getLeaksOne(id)).toMatchObject({
      status: 200,
      data: { status: "closed", rule: null },
    });
    expect(await client.getLeaksOne("leak-999")).toMatchObject({ status: 404, data: { title: "Not Found" } });
  });
});

const CLIENT_TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2023", "dom"],
    types: [],
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    rootDir: ".",
    outDir: "dist",
  },
  include: ["*.ts"],
};
