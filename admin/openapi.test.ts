import { afterAll, beforeAll, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
});
afterAll(() => admin.stop());

type Document = {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; "x-leakgate-roles": string[] }>>;
  components: { schemas: Record<string, object> };
};

test("the document has every call once, and every reference leads somewhere", async () => {
  const { status, body, text } = await admin.call<Document>("GET", "/api/v1/openapi.json");
  expect(status).toBe(200);
  expect(body.openapi).toBe("3.1.0");
  const operations = Object.values(body.paths).flatMap((methods) => Object.values(methods));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
  expect(references.length).toBeGreaterThan(20);
  for (const path of references) {
    const found = path
      .split("/")
      .reduce<unknown>((node, name) => (node as Record<string, unknown>)?.[name], body);
    expect([path, typeof found]).toEqual([path, "object"]);
  }
  expect(body.paths["/api/v1/leaks"]!.post!["x-leakgate-roles"]).toEqual([
    "administrator",
    "global_administrator",
  ]);
});
