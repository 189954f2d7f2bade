import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";
import type { Env } from "./services.ts";

/** Where `npm run build` puts the console; the same place seen from the sources and from what was built. */
const BUILT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../dist/admin/console/" : "./console/", import.meta.url),
);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Only the console's own files, and calls to its own API: no other host, nothing inline, no frame. */
export const CONSOLE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

interface ConsoleFile {
  readonly type: string;
  /** Its bytes, by content coding; `identity` always. */
  readonly codings: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Whether a path belongs to the console, or leads to it. */
export function isConsolePath(path: string): boolean {
  return path === "/" || path === "/console" || path.startsWith("/console/");
}

/**
 * The console under `/console/`, from memory, without a key: the page holds nothing, all it shows comes from the API. A
 * path that is no file is a place within the console and gets its page.
 */
export function consoleFiles(folder = BUILT): MiddlewareHandler<Env> {
  const files = loadFiles(folder);
  return async (context, next) => {
    const { path, method } = context.req;
    if (!isConsolePath(path) || (method !== "GET" && method !== "HEAD")) return next();
    if (!path.startsWith("/console/")) return context.redirect("/console/");
    const name = path.slice("/console/".length);
    const file = files.get(name);
    const isAsset = name.startsWith("assets/");
    if (file !== undefined && name !== "index.html") return sent(context, file, isAsset);
    const page = files.get("index.html");
    if (page === undefined) throw new Problem(404, "The console is not built.");
    if (isAsset) throw new Problem(404, "There is nothing at this path.");
    return sent(context, page, false);
  };
}

function sent(context: Context<Env>, { type, codings }: ConsoleFile, isHashed: boolean): Response {
  const accepted = context.req.header("accept-encoding") ?? "";
  const coding = ["br", "gzip"].find((each) => codings.has(each) && accepts(accepted, each)) ?? "identity";
  return context.body(codings.get(coding)!, 200, {
    "content-type": type,
    "content-security-policy": CONSOLE_CSP,
    // The name of an asset changes with its bytes.
    "cache-control": isHashed ? "public, max-age=31536000, immutable" : "no-store",
    vary: "accept-encoding",
    ...(coding === "identity" ? {} : { "content-encoding": coding }),
  });
}

function accepts(header: string, coding: string): boolean {
  return header.split(",").some((each) => {
    const [name, ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

function loadFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  if (!existsSync(folder)) return new Map();
  const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  const names = new Set(readdirSync(folder, { recursive: true, encoding: "utf8" }));
  const files = new Map<string, ConsoleFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const codings = new Map([["identity", bytesOf(name)]]);
    if (names.has(`${name}.br`)) codings.set("br", bytesOf(`${name}.br`));
    if (names.has(`${name}.gz`)) codings.set("gzip", bytesOf(`${name}.gz`));
    files.set(name.split(sep).join("/"), { type, codings });
  }
  return files;
}
