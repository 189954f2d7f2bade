import { afterAll, beforeAll, expect, test } from "vitest";
import { roles } from "../rules/access.ts";
import type { HookId } from "../rules/hook.ts";
import { defaultTenant } from "../rules/tenants.ts";
import { type Json, makeKey, TestAdmin } from "../test/admin.ts";
import { allCalls } from "./calls.ts";
import { openApi } from "./openapi.ts";
import type { Services } from "./services.ts";

/*
 * Every call of the OpenAPI document, by everybody; nothing here names a call. Bodies and required parameters are the
 * document's examples. A part of a path is what its collection makes or lists: `POST /leaks`, or else `GET /leaks`, for
 * `{id}` of `/leaks/{id}`. Where a new call has neither, its test says so, and wants a line in `givenParts`.
 */
const givenParts: Readonly<Record<string, (world: World) => Promise<string>>> = {
  "/api/v1/sessions/{id}": (world) => world.signIn(),
  "/api/v1/dead-letters/{id}": (world) => world.deadLetter(),
  "/api/v1/dead-letters/{id}/retry": (world) => world.deadLetter(),
};
/** What is one caller's own: to others, of the same tenant too, it is not there. */
const ofOneCaller: ReadonlySet<string> = new Set(["/api/v1/session", "/api/v1/sessions/{id}"]);
/** Calls that need no key; access.test.ts and session.test.ts look at those. */
const openRoutes: readonly string[] = ["GET /api/v1/sign-in", "POST /api/v1/session"];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly example?: unknown;
  readonly schema: { readonly examples?: readonly unknown[] };
}
interface Operation {
  readonly security?: readonly object[];
  readonly "x-leakgate-roles": readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
}
interface Route extends Operation {
  readonly method: string;
  readonly path: string;
}

const { paths } = openApi(allCalls({ version: "0.0.0-test" } as Services), "0.0.0-test") as {
  paths: Record<string, Record<string, Operation>>;
};
const allRoutes: readonly Route[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    method: method.toUpperCase(),
    path,
  })),
);

const routes = allRoutes.filter(({ security }) => security === undefined);

const ACME = "acme";
/** Whose key it is; of a global role in no tenant. */
interface Who {
  readonly role: string;
  readonly tenant: string | null;
}
const everybody: readonly Who[] = [
  ...roles.map((role) => ({ role, tenant: role.startsWith("global_") ? null : defaultTenant })),
  { role: "administrator", tenant: ACME },
  { role: "analyst", tenant: ACME },
];
const nameOf = ({ role, tenant }: Who) => `${role} of ${tenant ?? "all tenants"}`;

/** An admin with two tenants and everybody's keys. Leaks, a rule and an event are in the default tenant alone. */
class World {
  private readonly admin: TestAdmin;
  private readonly keys: ReadonlyMap<string, string>;

  private constructor(admin: TestAdmin, keys: ReadonlyMap<string, string>) {
    this.admin = admin;
    this.keys = keys;
  }

  static async start(): Promise<World> {
    const admin = await TestAdmin.start({ config: { enforcedWaitMs: 1 } });
    const keys = await admin.hands(async (tenants) => {
      const made = new Map<string, string>();
      for (const who of everybody)
        made.set(nameOf(who), (await makeKey(tenants, who.role, who.tenant ?? undefined)).clear);
      made.set("a role nobody knows", (await makeKey(tenants, "auditor")).clear);
      const gone = await makeKey(tenants, "administrator");
      await tenants.default.store.revokeKey("system", gone.id);
      return made.set("a revoked key", gone.clear);
    });
    const leak = await admin.register("made-up-token-0001", "made-up-token-0003");
    await admin.call("POST", `/api/v1/leaks/${leak}/vpatch`);
    await admin.attempt(Date.now());
    return new World(admin, keys);
  }

  /** Real values for the parts of a path, in the default tenant; what a call makes is new each time. */
  async parts(path: string): Promise<string[]> {
    const values: string[] = [];
    for (const { index } of path.matchAll(/\{\w+\}/g))
      values.push(await (givenParts[path]?.(this) ?? this.member(path.slice(0, index - 1), values)));
    return values;
  }

  /** How the call is answered; what it answers is not waited for, since it may never end. */
  async status(
    route: Route,
    values: readonly string[],
    keyOf: string | null,
    tenant?: string,
  ): Promise<number> {
    const { method, path } = route;
    const search = new URLSearchParams(tenant === undefined ? {} : { tenant });
    for (const parameter of route.parameters.filter((each) => each.in === "query" && each.required))
      search.set(parameter.name, String(exampleOf(route, parameter)));
    const [type, content] = Object.entries(route.requestBody?.content ?? {})[0] ?? [];
    const body = content?.example;
    if (content !== undefined && body === undefined)
      throw new Error(
        `${method} ${path}: its body has no example; give its schema .meta({ examples: [...] })`,
      );
    const cut = new AbortController();
    const answer = await fetch(`${this.admin.url}${filled(path, values)}?${search}`, {
      method,
      headers: {
        ...(keyOf === null ? {} : { authorization: `Bearer ${this.keys.get(keyOf)}` }),
        ...(type === undefined ? {} : { "content-type": type }),
      },
      body: body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body),
      signal: cut.signal,
    });
    cut.abort();
    return answer.status;
  }

  /** Of the newest change in each store. */
  revisions(): Promise<number[]> {
    return this.admin.hands(async ({ all, control }) =>
      [control, ...all.map(({ store }) => store)].map((store) => store.revision()),
    );
  }

  stop(): Promise<void> {
    return this.admin.stop();
  }

  /** The id of a session of the default tenant's administrator. */
  async signIn(): Promise<string> {
    const key = this.keys.get("administrator of default");
    const answer = await this.admin.call("POST", "/api/v1/session", { key: null, body: { key } });
    return (answer.body.session as { id: string }).id;
  }

  /** The id of a message that was given up. */
  async deadLetter(): Promise<string> {
    const hook = (await this.member("/api/v1/notifications", [])) as HookId;
    return this.admin.hands(async ({ default: { store } }) => {
      const position = store.outbox.position() ?? { revision: store.revision(), eventsAt: Date.now() };
      const messages = [{ hook, messageId: "made-up", notice: {} }];
      await store.outbox.advance(
        { position, messages, told: [] },
        { queueMax: 0, deadMax: 100, deliveredMax: 1 },
      );
      return store.outbox.deadLetters(1)[0]!.id;
    });
  }

  /** The id of what the collection makes, or else of the first it lists. */
  private async member(collection: string, values: readonly string[]): Promise<string> {
    const key = this.keys.get("global_administrator of all tenants")!;
    for (const method of ["POST", "GET"]) {
      const route = routes.find((each) => each.method === method && each.path === collection);
      if (route === undefined) continue;
      const body = Object.values(route.requestBody?.content ?? {})[0]?.example;
      const answer = await this.admin.call(method, filled(collection, values), { key, body });
      if (answer.status === 400)
        throw new Error(`${method} ${collection} refuses its example: ${answer.text}`);
      const found = answer.status === 409 ? (body as Json) : answer.body;
      const id = idIn(method === "POST" ? found : firstIn(found));
      // A call that changes what the collection is of answers that.
      if (id !== undefined && !values.includes(id)) return id;
    }
    throw new Error(`no call makes or lists a member of ${collection}: add a line to givenParts`);
  }
}

function exampleOf({ method, path }: Route, { name, example, schema }: Parameter): unknown {
  const given = example ?? schema.examples?.[0];
  if (given !== undefined) return given;
  throw new Error(`${method} ${path}: the required parameter ${name} has no example; give it one by .meta`);
}

function filled(path: string, values: readonly string[]): string {
  let at = 0;
  return path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(values[at++]!));
}

function idIn(thing: unknown): string | undefined {
  const { id, name } = (thing ?? {}) as Json;
  return typeof id === "string" ? id : typeof name === "string" ? name : undefined;
}

function firstIn(list: Json): unknown {
  return (Object.values(list).find(Array.isArray) as unknown[] | undefined)?.[0];
}

type Outcome = number | "allowed" | "allowed or 404";
type Cell = { readonly by: string; readonly tenant: string | undefined; readonly expected: Outcome };

/** What everybody may expect of a call, naming no tenant, the default one, or the other. */
function cellsOf(route: Route): Cell[] {
  const isOfTenant = route.parameters.some(({ name }) => name === "tenant");
  const named = [undefined, ...(isOfTenant ? [defaultTenant, ACME] : [])];
  return named.flatMap((tenant) => [
    { by: "a role nobody knows", tenant, expected: 403 as const },
    { by: "a revoked key", tenant, expected: 401 as const },
    ...everybody.map((who) => ({ by: nameOf(who), tenant, expected: expectedOf(route, who, tenant) })),
  ]);
}

function expectedOf(route: Route, who: Who, named: string | undefined): Outcome {
  if (!route["x-leakgate-roles"].includes(who.role)) return 403;
  const isOfTenant = route.parameters.some(({ name }) => name === "tenant");
  const about = named ?? who.tenant ?? defaultTenant;
  // All that parts name is in the default tenant.
  const isAbsent = route.path.includes("{") && about !== defaultTenant;
  if (ofOneCaller.has(route.path)) return isAbsent ? 404 : "allowed or 404";
  const isForeign = who.tenant !== null && about !== who.tenant;
  return isOfTenant && (isForeign || isAbsent) ? 404 : "allowed";
}

/** Whoever may call may still be told that the state of things does not allow it. */
function outcome(status: number, expected: Outcome): Outcome {
  const isAllowed = status < 400 || status === 409 || status === 412;
  if (expected === "allowed or 404") return isAllowed || status === 404 ? expected : status;
  return isAllowed ? "allowed" : status;
}

let shared: World;
beforeAll(async () => {
  shared = await World.start();
});
afterAll(() => shared.stop());

test("the document has calls for everybody, and the cells say all that may be said of one", () => {
  expect(routes.length).toBeGreaterThan(20);
  const expected = new Set(routes.flatMap(cellsOf).map((cell) => cell.expected));
  expect([...expected].map(String).sort()).toEqual(["401", "403", "404", "allowed", "allowed or 404"]);
  const open = allRoutes.filter((route) => !routes.includes(route));
  expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual(openRoutes);
});

test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s",
  async (_, route) => {
    const cells = cellsOf(route);
    const values = await shared.parts(route.path);
    const before = await shared.revisions();
    expect(await shared.status(route, values, null)).toBe(401);
    for (const cell of cells.filter(({ expected }) => typeof expected === "number")) {
      const status = await shared.status(route, values, cell.by, cell.tenant);
      expect({ ...cell, expected: outcome(status, cell.expected) }).toEqual(cell);
    }
    // Who was refused has changed nothing, for nobody.
    expect(await shared.revisions()).toEqual(before);

    // What a call changes must not tell on the next one.
    const world = route.method === "GET" ? shared : await World.start();
    for (const cell of cells.filter(({ expected }) => typeof expected !== "number")) {
      const status = await world.status(route, await world.parts(route.path), cell.by, cell.tenant);
      expect({ ...cell, expected: outcome(status, cell.expected) }).toEqual(cell);
    }
    if (world !== shared) await world.stop();
  },
);
