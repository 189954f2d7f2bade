import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which folders a folder may import; docs/architecture.md says why. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  rules: ["rules"],
  proxy: ["proxy", "rules"],
  admin: ["admin", "rules"],
  // Runs in a browser: of the API it knows what answers look like, by type alone.
  "admin/console": ["admin/console", "admin", "rules"],
  cli: ["cli", "proxy", "admin", "rules"],
  bench: ["bench", "cli", "proxy", "admin", "rules", "test"],
  test: ["test", "bench", "cli", "proxy", "admin", "rules"],
};
const FOLDERS = Object.keys(MAY_IMPORT);

/** What a person starts; all else must be reached from here. */
const ENTRIES = [
  "cli/main.ts",
  "admin/console/main.tsx",
  "admin/console/vite.config.ts",
  "bench/main.ts",
  "bench/report/main.ts",
  "bench/parity/main.ts",
  "bench/matcher.ts",
  "bench/activation.ts",
  "bench/detection.ts",
  "bench/loading.ts",
  "bench/events.ts",
  "bench/findings.ts",
  "bench/views.ts",
  "bench/inflate.ts",
  "bench/scan.ts",
  "bench/seen.ts",
  "bench/timing/main.ts",
  "bench/import.ts",
  "test/fuzz/main.ts",
  "test/console/screenshots.ts",
];

/** Packages that belong to one folder: a peer of the benchmark with known holes must not slip into the product. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  "http-proxy": ["bench"],
  "http-proxy-3": ["bench"],
  httpxy: ["bench"],
  "fast-proxy": ["bench"],
  "@fastify/http-proxy": ["bench"],
  autocannon: ["bench", "test"],
  commander: ["cli"],
  yaml: ["cli"],
  hono: ["admin"],
  nodemailer: ["admin"],
  re2js: ["admin"],
  "smol-toml": ["admin"],
  saxes: ["admin"],
  "smtp-server": ["test"],
  express: ["test"],
  fastify: ["bench", "test"],
  "cookie-parser": ["test"],
  "openid-client": ["admin"],
  "oidc-provider": ["test"],
  preact: ["admin/console"],
  echarts: ["admin/console", "bench"],
  vite: ["admin/console"],
  "playwright-core": ["test"],
  "axe-core": ["test"],
};

interface Ban {
  readonly pattern: RegExp;
  readonly why: string;
  /** Where it may stand: how a path begins or ends. Tests write small programs that they start. */
  readonly allowed: readonly string[];
}

const BANS: readonly Ban[] = [
  { pattern: /\bas Permit\b/, why: "only decide mints a Permit", allowed: ["proxy/decide.ts"] },
  {
    pattern: /\bconsole\.\w+\(/,
    why: "only commands talk to a terminal",
    allowed: ["cli/", "bench/", "test/", ".test.ts"],
  },
  {
    pattern: /\bprocess\.exit\(/,
    why: "only commands end the process",
    allowed: ["cli/", "bench/", "test/", ".test.ts"],
  },
  {
    pattern: /(?:[:<|]|\bas) ?any(?=\s*(?:[;,)=>\]|&[{}]|$))/,
    why: "any switches the type checker off",
    allowed: [],
  },
  {
    pattern: /@ts-(?:ignore|nocheck|expect-error)|biome-ignore/,
    why: "checks are not switched off",
    allowed: [],
  },
  { pattern: /\b(?:TODO|FIXME|XXX)\b/, why: "an issue remembers, a comment forgets", allowed: [] },
  { pattern: /\bcache: true\b/, why: "lmdb would serve values that another process replaced", allowed: [] },
  {
    pattern: /\bcreateHmac\(/,
    why: "digests are made under the pepper",
    allowed: ["rules/pepper.ts", "admin/notify/signature.ts", "admin/told/hmac.ts"],
  },
  { pattern: /\brejectUnauthorized: false\b/, why: "certificates are verified", allowed: ["test/"] },
  { pattern: /\b(?:test|describe|it)\.(?:only|todo)\b/, why: "all tests run", allowed: [] },
];

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => `${folder}/${name.split(sep).join("/")}`)
    .filter((path) => folderOf(path) === folder);
}

const sources = new Map(
  // Not this file: it spells out what it forbids.
  FOLDERS.flatMap(sourcesIn)
    .filter((path) => path !== "test/layers.test.ts")
    .map((path) => [path, readFileSync(join(root, path), "utf8")]),
);
const isTest = (path: string) => path.endsWith(".test.ts") || path.startsWith("test/");

/** The innermost of the folders above that holds the file. */
function folderOf(path: string): string {
  const inner = FOLDERS.find((folder) => folder.includes("/") && path.startsWith(`${folder}/`));
  return inner ?? path.slice(0, path.indexOf("/"));
}

/** What a source imports: relative paths and names of packages. */
function importsOf(text: string): string[] {
  const found = text.matchAll(/\bfrom\s+"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g);
  return [...found].map(([, from, bare]) => from ?? bare!);
}

/** What a source starts as a process of its own: it names the built file. */
function startsOf(path: string): string[] {
  const found = sources.get(path)!.matchAll(/"([\w./-]+)\.js"/g);
  return [...found].map(
    ([, name]) =>
      `${normalize(join(dirname(path), name))
        .split(sep)
        .join("/")}.ts`,
  );
}

/** Our own files among the imports of a file. */
function ownImports(path: string): string[] {
  return (
    importsOf(sources.get(path)!)
      .filter((name) => name.startsWith("."))
      .map((name) =>
        normalize(join(dirname(path), name))
          .split(sep)
          .join("/"),
      )
      // Tests and benchmarks start what was built.
      .filter((target) => !target.startsWith("dist/"))
  );
}

function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

test("the reading of imports sees every form that the code uses", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import {\n  type B,\n  c,\n} from "../b/c.ts";',
    'export { d } from "./d.ts";',
    'import "./e.ts";',
    'const f = await import("./f.ts");',
    'import { h } from "hono/cors";',
  ];
  expect(importsOf(text.join("\n"))).toEqual([
    "./a.ts",
    "../b/c.ts",
    "./d.ts",
    "./e.ts",
    "./f.ts",
    "hono/cors",
  ]);
});

describe("import directions", () => {
  test.each(FOLDERS)("%s imports only what lies below it", (folder) => {
    const wrong = [...sources.keys()]
      .filter((path) => folderOf(path) === folder)
      .flatMap((path) =>
        ownImports(path)
          .filter((target) => !isAllowed(path, target))
          .map((target) => `${path} -> ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test("every import of ours names a file that is there, with its ending", () => {
    const missing = [...sources.keys()].flatMap((path) =>
      ownImports(path)
        .filter((target) => !sources.has(target) && !isStyle(target))
        .map((target) => `${path} -> ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test("the console takes nothing but types from the admin", () => {
    const strays = [...sources.entries()]
      .filter(([path]) => folderOf(path) === "admin/console" && !isTest(path))
      .flatMap(([path, text]) =>
        [...text.matchAll(/^import (?!type\b)[^;]*?from "([^"]+)"/gm)]
          .map(([, name]) => normalize(join(dirname(path), name!)))
          .filter((target) => /^(?:admin|rules)\//.test(target) && folderOf(target) !== "admin/console")
          .map((target) => `${path} -> ${target}`),
      );
    expect(strays).toEqual([]);
  });

  test("packages stay in their folders", () => {
    const strays = [...sources.entries()].flatMap(([path, text]) =>
      importsOf(text)
        .filter((name) => !(PACKAGE_HOMES[packageOf(name)] ?? FOLDERS).includes(folderOf(path)))
        .map((name) => `${path} -> ${name}`),
    );
    expect(strays).toEqual([]);
  });
});

/** A style sheet of the console. */
function isStyle(target: string): boolean {
  return target.endsWith(".css") && existsSync(join(root, target));
}

/** A unit test may use the support of test/; what it tests may not. */
function isAllowed(path: string, target: string): boolean {
  const allowed = MAY_IMPORT[folderOf(path)]!;
  return allowed.includes(folderOf(target)) || (isTest(path) && target.startsWith("test/"));
}

test("every file is reached from an entry, not only from tests", () => {
  const reached = new Set<string>();
  const waiting = ENTRIES.filter((path) => sources.has(path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path) || !sources.has(path)) continue;
    reached.add(path);
    waiting.push(...ownImports(path), ...startsOf(path));
  }
  const product = [...sources.keys()].filter((path) => !isTest(path));
  expect(product.filter((path) => !reached.has(path))).toEqual([]);
});

test("no support file of the tests is left over", () => {
  const used = new Set([...ENTRIES, ...[...sources.keys()].flatMap(ownImports)]);
  const support = [...sources.keys()].filter(
    (path) => path.startsWith("test/") && !path.endsWith(".test.ts"),
  );
  const started = (path: string) =>
    [...sources.values()].some((text) => text.includes(path.slice("test/".length)));
  const left = support.filter((path) => !used.has(path) && !started(path));
  // `npm run backends` starts it.
  expect(left.filter((path) => path !== "test/backends/main.ts")).toEqual([]);
});

describe("what must not stand in the code", () => {
  test.each(BANS)("$pattern: $why", ({ pattern, allowed }) => {
    const found = [...sources.entries()]
      .filter(([path]) => !allowed.some((place) => path.startsWith(place) || path.endsWith(place)))
      .flatMap(([path, text]) =>
        text
          .split("\n")
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });

  test.each([
    ["const a: any = 1;", true],
    ["(b as any).c", true],
    ["Array<any>", true],
    ["// at any time, any: word", false],
    ["const anyOf: string = x;", false],
  ])("any: %j", (line, isBanned) => {
    expect(BANS.find(({ why }) => why.startsWith("any"))!.pattern.test(line)).toBe(isBanned);
  });
});
