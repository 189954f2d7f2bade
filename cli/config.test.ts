import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { pathsOf } from "./config/problems.ts";
import { ConfigRefused, type ConfigSources, configSchema, parseConfig, withUpstream } from "./config.ts";

function sources(given: Partial<ConfigSources> & { readonly yaml?: string }): ConfigSources {
  const file = given.yaml === undefined ? null : { path: "leakgate.yaml", text: given.yaml };
  return { flags: {}, env: {}, cores: 3, file, ...given };
}

function parse(given: Partial<ConfigSources> & { readonly yaml?: string }) {
  return parseConfig(sources(given));
}

function problems(given: Partial<ConfigSources> & { readonly yaml?: string }): readonly string[] {
  try {
    parseConfig(sources(given));
  } catch (error) {
    if (error instanceof ConfigRefused) return error.problems;
    throw error;
  }
  return [];
}

describe("defaults and precedence", () => {
  test("nothing given is the documented defaults", () => {
    const config = parse({});
    expect(config.data).toBe(resolve("./data"));
    expect(config.proxy.listen).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(config.admin.listen).toEqual({ host: "127.0.0.1", port: 8081 });
    expect(config.proxy.upstream).toBeNull();
    expect(config.workers).toEqual({ count: 3, accept: "shared" });
    expect(config.log.level).toBe("info");
    expect(config.proxy.inspect.holdBytes).toBe(65_536);
  });

  test.each(["", "# nothing but a comment\n", "---\n", "limits:\n#  headBytes: 1\n"])(
    "an empty file is the defaults: %j",
    (yaml) => {
      expect(parse({ yaml })).toEqual(parse({}));
    },
  );

  test("a flag stands above a variable, a variable above the file, the file above the default", () => {
    const yaml = "listen: 127.0.0.1:1001\nadmin:\n  listen: 127.0.0.1:1002\nlog:\n  level: warn\n";
    const env = { LEAKGATE_LISTEN: "127.0.0.1:2001", LEAKGATE_ADMIN: "127.0.0.1:2002" };
    const config = parse({ yaml, env, flags: { listen: "127.0.0.1:3001" } });
    expect(config.proxy.listen.port).toBe(3001);
    expect(config.admin.listen.port).toBe(2002);
    expect(config.log.level).toBe("warn");
    expect(config.proxy.drainMs).toBe(10_000);
  });

  test("an upstream from the command line keeps the file's limits for it", () => {
    const yaml = "upstream:\n  url: http://127.0.0.1:1\n  host: api.example\n  connectMs: 77\n";
    const { upstream } = parse({ yaml, flags: { upstream: "https://api.example" } }).proxy;
    expect(upstream).toMatchObject({ url: "https://api.example", host: "api.example", connectMs: 77 });
  });

  test("groups may be written as their main value, addresses as a bare port", () => {
    const yaml = "upstream: http://127.0.0.1:3000\nworkers: 2\nadmin: 9001\nlisten: 9000\n";
    const config = parse({ yaml, env: { LEAKGATE_UPSTREAM_HOST: "api.example" } });
    expect(config.proxy.upstream).toMatchObject({ url: "http://127.0.0.1:3000", host: "api.example" });
    expect(config.workers.count).toBe(2);
    expect(config.admin.listen.port).toBe(9001);
    expect(config.proxy.listen.port).toBe(9000);
  });

  test("a count of workers from text is a number, and auto is the number of cores", () => {
    expect(parse({ env: { LEAKGATE_WORKERS: "7" } }).workers.count).toBe(7);
    expect(parse({ yaml: "workers: 7", flags: { workers: "auto" } }).workers.count).toBe(3);
  });

  test("--verbose is the level debug unless a level is named", () => {
    expect(parse({ flags: { verbose: true } }).log.level).toBe("debug");
    expect(parse({ flags: { verbose: true, logLevel: "error" } }).log.level).toBe("error");
  });

  test("an empty variable counts as not set", () => {
    expect(parse({ env: { LEAKGATE_UPSTREAM: "", LEAKGATE_DATA: "" } })).toEqual(parse({}));
  });

  test("the config is frozen to the depth and survives JSON, in which it travels to the workers", () => {
    const config = withUpstream(parse({}), "http://127.0.0.1:1");
    expect(Object.isFrozen(config.proxy.limits)).toBe(true);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });
});

describe("what is refused", () => {
  test("an unknown key, with its line and its neighbour in spelling", () => {
    const yaml = "# gateway\nlisten: :8080\n\nupstrem: http://127.0.0.1:3000\n";
    expect(problems({ yaml })).toEqual(['leakgate.yaml:4: unknown key "upstrem" (did you mean "upstream"?)']);
  });

  test("an unknown key in a group, and a known one in the wrong group", () => {
    const yaml = "limits:\n  headbytes: 4096\nholdBytes: 10\nnothingLikeIt: 1\n";
    expect(problems({ yaml })).toEqual([
      'leakgate.yaml:2: unknown key "headbytes" (did you mean "headBytes"?)',
      'leakgate.yaml:3: unknown key "holdBytes" (did you mean "inspect.holdBytes"?)',
      'leakgate.yaml:4: unknown key "nothingLikeIt"',
    ]);
  });

  test("every bad value with its line, all of them at once", () => {
    const yaml = [
      "listen: nowhere",
      "upstream:",
      "  url: http://127.0.0.1:3000/api",
      "  connectMs: 0",
      "trust:",
      "  - 10.0.0.0/8",
      "  - 10.0.0.0/99",
      "drainMs: soon",
      "workers: many",
      "log: { level: loud }",
      "record: []",
      "inspect:",
      "  holdMs: 1.5",
    ].join("\n");
    expect(problems({ yaml })).toEqual([
      'leakgate.yaml:1: listen: "nowhere" is not an address of the form HOST:PORT',
      "leakgate.yaml:3: upstream.url: must be http://HOST[:PORT] or https://HOST[:PORT] without a path",
      "leakgate.yaml:4: upstream.connectMs: must be at least 1",
      "leakgate.yaml:7: trust.1: is not an address or CIDR range",
      "leakgate.yaml:8: drainMs: must be a whole number",
      'leakgate.yaml:9: workers.count: must be "auto" or a whole number from 1 to 256',
      'leakgate.yaml:10: log.level: must be one of "trace", "debug", "info", "warn", "error", "fatal", "silent"',
      "leakgate.yaml:11: record: must be a group of settings (key: value)",
      "leakgate.yaml:13: inspect.holdMs: must be a whole number",
    ]);
  });

  test("a bad flag or variable is named instead of a line", () => {
    const given = { yaml: "listen: :1\n", flags: { listen: "x:y:z" }, env: { LEAKGATE_UPSTREAM: "ftp://x" } };
    expect(problems(given)).toEqual([
      '--listen: "x:y:z" is not an address of the form HOST:PORT',
      "LEAKGATE_UPSTREAM: must be http://HOST[:PORT] or https://HOST[:PORT] without a path",
    ]);
  });

  test("a misspelled variable, but not what Kubernetes sets by itself", () => {
    const kubernetes = {
      LEAKGATE_SERVICE_HOST: "10.0.0.7",
      LEAKGATE_SERVICE_PORT_HTTP: "8080",
      LEAKGATE_PORT: "tcp://10.0.0.7:8080",
      LEAKGATE_ADMIN_PORT_8081_TCP_ADDR: "10.0.0.7",
      LEAKGATE_PEPPER_FILE: "/run/pepper",
    };
    expect(problems({ env: kubernetes })).toEqual([]);
    expect(problems({ env: { LEAKGATE_UPSTREM: "x", LEAKGATE_PORT: "8080" } })).toEqual([
      "LEAKGATE_UPSTREM: Leakgate knows no such variable",
      "LEAKGATE_PORT: Leakgate knows no such variable",
    ]);
  });

  test("an upstream without its URL", () => {
    expect(problems({ flags: { upstreamHost: "api.example" } })).toEqual(["upstream.url: is missing"]);
    expect(() => withUpstream(parse({}))).toThrow(ConfigRefused);
  });

  test("one address for both listeners", () => {
    expect(problems({ yaml: "\nlisten: :9000\nadmin: :9000\n" })).toEqual([
      "leakgate.yaml:3: admin.listen: is the address that the proxy listens on",
    ]);
    expect(problems({ flags: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" } })).toEqual([]);
  });

  test.each([
    ["listen: :1\nlisten: :2\n", "leakgate.yaml:2: Map keys must be unique"],
    ["limits:\n  headBytes: 300\n bad: 1\n", "leakgate.yaml:3: "],
    ["a: [1, 2\n", "leakgate.yaml:2: "],
    ["- listen\n", "leakgate.yaml:1: must be a group of settings (key: value)"],
    ["just text\n", "leakgate.yaml:1: must be a group of settings (key: value)"],
    ["data: !secret x\n", "leakgate.yaml:1: "],
    ["\n__proto__: { data: x }\n", 'leakgate.yaml:2: unknown key "__proto__"'],
    ["data: &a { b: *a }\n", "leakgate.yaml"],
    ["listen: :1\n---\nlisten: :2\n", "leakgate.yaml:"],
  ])("broken YAML: %j", (yaml, problem) => {
    const found = problems({ yaml });
    expect(found).not.toEqual([]);
    expect(found[0]).toContain(problem);
  });

  test("aliases that grow without end are refused in little time", () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`);
    expect(problems({ yaml: ["a0: &a0 x", ...levels].join("\n") })[0]).toContain("leakgate.yaml");
  });

  test("no value stands in a message about it", () => {
    const yaml = "upstream: http://user:made-up-token-0001@127.0.0.1\ndrainMs: made-up-token-0002\n";
    expect(problems({ yaml }).length).toBe(2);
    expect(problems({ yaml }).join("\n")).not.toContain("made-up-token");
  });
});

test("docs/operations.md names every key, and no other", () => {
  const page = readFileSync(new URL("../docs/operations.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/^\| `([a-zA-Z.]+)` \|/gm)].map(([, key]) => key!);
  const all = pathsOf(configSchema);
  const groups = new Set(
    all.flatMap((key) => (key.includes(".") ? [key.slice(0, key.lastIndexOf("."))] : [])),
  );
  expect(named.sort()).toEqual(all.filter((key) => !groups.has(key)).sort());
});
