import { connect } from "node:net";
import { join, resolve } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { Gate } from "../../rules/gate.ts";
import type { TestAdmin } from "../admin.ts";

/** The head of an answer, and what of its body had come; a stream that goes on is not waited for. */
export interface Seen {
  /** What was asked. */
  readonly what: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What is hardly a request, and is answered by Node's HTTP server before any of our code sees it. */
export const malformed: readonly (readonly [text: string, status: number])[] = [
  ["made-up\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: a\r\n x: folded\r\n\r\n", 400],
  ["POST / HTTP/1.1\r\nhost: a\r\nexpect: made-up\r\n\r\n", 417],
  [`GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
];

/** An answer of each sort: to each call of the document, as several callers, and to what is hardly a request. */
export async function everyAnswer(admin: TestAdmin): Promise<Seen[]> {
  const { body } = await admin.call<{ paths: Record<string, object> }>("GET", "/api/v1/openapi.json");
  const targets = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "leak-1")] as const,
    ),
  );
  const others = ["/healthz", "/readyz", "/metrics", "/", "/nothing", "/api/v1/leaks/"];
  const all = [
    ...targets,
    ...others.map((path) => ["GET", path] as const),
    ["PUT", "/api/v1/leaks"] as const,
  ];
  const seen: Seen[] = [];
  for (const [method, path] of all) {
    for (const key of [admin.administrator, admin.analyst, null])
      seen.push(await look(admin, method, path, key === null ? {} : { authorization: `Bearer ${key}` }));
  }
  for (const [text] of malformed) seen.push(await raw(admin.port, text));
  return seen;
}

/** A call whose body is not waited for. */
export async function look(
  admin: TestAdmin,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Seen> {
  const cut = new AbortController();
  const answer = await fetch(admin.url + path, { method, headers, signal: cut.signal, redirect: "manual" });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const text = isStream ? "" : await answer.text();
  cut.abort();
  return { what: `${method} ${path}`, status: answer.status, headers: answer.headers, text };
}

/** Sends these bytes on a connection of their own, and reads until the other side ends. */
export function raw(port: number, text: string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", reject).on("end", () => socket.end());
    socket.on("close", () => resolve({ what: JSON.stringify(text.slice(0, 60)), ...parsed(answer) }));
  });
}

function parsed(answer: string): Omit<Seen, "what"> {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = new Headers();
  for (const field of fields)
    headers.append(field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 1));
  return { status: Number(line.split(" ")[1] ?? 0), headers, text: rest.join("\r\n\r\n") };
}

/** Puts another value where one lies in the store, as a fault of the disk or of a program might. */
export function spoil(
  admin: TestAdmin,
  database: string,
  key: number,
  change: (value: Record<string, unknown>) => object,
): Promise<void> {
  return inStore(admin, async (root) => {
    const table = root.openDB<object, number>({ name: database, encoding: "json" });
    await table.put(key, change(table.get(key) as Record<string, unknown>));
  });
}

/**
 * Works on the store of the default tenant beside the admin. It passes the gate like everybody: an open waits for the
 * thread that commits, which may wait for this one to run the change it is about to commit.
 */
export function inStore<T>(admin: TestAdmin, work: (root: RootDatabase) => Promise<T>): Promise<T> {
  const path = join(resolve(admin.data), "rules");
  return Gate.of(path).alone(async () => {
    const root = open({ path, maxDbs: 24, overlappingSync: false, eventTurnBatching: false, cache: false });
    try {
      return await work(root);
    } finally {
      await root.close();
    }
  });
}
