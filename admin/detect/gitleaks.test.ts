import { describe, expect, test } from "vitest";
import { Detector } from "./detector.ts";
import { type GitleaksRules, readGitleaks } from "./gitleaks.ts";

/** Random by its looks, and made up. */
const ONE = "q8zt2mvx7lw4rk9yb3nc";
const TWO = "w5ht9pzx3kd7mf2vj8rn";
const GITHUB = "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";

function rulesOf(files: Readonly<Record<string, string>> | string): GitleaksRules {
  const all = typeof files === "string" ? { "/rules/a.toml": files } : files;
  return readGitleaks("/rules/a.toml", (path) => {
    const text = all[path];
    if (text === undefined) throw new Error(`there is no ${path}`);
    return text;
  });
}

function found(toml: string, text: string, path = "src/made-up.ts", commit: string | null = null): string[] {
  const blob = Buffer.from(text);
  const detector = Detector.of({ gitleaks: [rulesOf(toml)] });
  return detector
    .find(blob, path, commit)
    .map(({ rule, start, end }) => `${rule} ${blob.toString("latin1", start, end)}`);
}

const ACME = `[[rules]]
id = "acme"
description = "Made up"
regex = '''(?i)acme_key\\s*=\\s*"([a-z0-9]{20})"'''
keywords = ["acme_key"]
tags = ["made-up"]
`;

describe("a rule", () => {
  test("takes the first group that took part as the secret, or the one it names, or all", () => {
    const text = `acme_KEY = "${ONE}"; other`;
    expect(found(ACME, text)).toEqual([`acme ${ONE}`]);
    const groups = (more: string) =>
      `[[rules]]\nid = "g"\nregex = '''(x)?k1:(\\w{8,20}):(\\w{20})'''\n${more}`;
    expect(found(groups(""), `k1:${ONE}:${TWO} `)).toEqual([`g ${ONE}`]);
    expect(found(groups("secretGroup = 3"), `k1:${ONE}:${TWO} `)).toEqual([`g ${TWO}`]);
    expect(found("[[rules]]\nid = 'g'\nregex = '''k1_\\w{20}'''", `"k1_${ONE}"`)).toEqual([`g k1_${ONE}`]);
  });

  test("runs only where one of its keywords stands, in any case", () => {
    const rule = (keywords: string) =>
      `[[rules]]\nid = "k"\nregex = '''[a-z0-9]{20}'''\nkeywords = ${keywords}`;
    expect(found(rule('["beta"]'), `alpha ${ONE}`)).toEqual([]);
    expect(found(rule('["beta", "ALPHA"]'), `Alpha ${ONE}`)).toEqual([`k ${ONE}`]);
    expect(found(rule("[]"), ONE)).toEqual([`k ${ONE}`]);
  });

  test("wants its secret's entropy above a bound", () => {
    const rule = (entropy: number) => `${ACME}entropy = ${entropy}\n`;
    expect(found(rule(3), `acme_key="${ONE}"`)).toEqual([`acme ${ONE}`]);
    expect(found(rule(4.4), `acme_key="${ONE}"`)).toEqual([]);
    expect(found(rule(3), `acme_key="${"ab".repeat(10)}"`)).toEqual([]);
  });

  test("may be bound to paths", () => {
    const toml = `${ACME}path = '''\\.env$'''\n`;
    expect(found(toml, `acme_key="${ONE}"`, "a/.env")).toEqual([`acme ${ONE}`]);
    expect(found(toml, `acme_key="${ONE}"`, "a/.env.ts")).toEqual([]);
  });

  test("finds what it matches many times, far from one another, at the ends and across lines", () => {
    const one = `acme_key="${ONE}"`;
    expect(found(ACME, `${one}${" ".repeat(9000)}${one},${one}\n${" ".repeat(300_000)}${one}`)).toHaveLength(
      4,
    );
    expect(found("[[rules]]\nid='e'\nregex='''e1_[a-z0-9]{20}(?:\\s|$)'''", `e1_${ONE}`)).toEqual([
      `e e1_${ONE}`,
    ]);
    expect(found("[[rules]]\nid='e'\nregex='''e1:\\n([a-z0-9]{20})'''", `e1:\n${ONE}`)).toEqual([`e ${ONE}`]);
    // An end without bound: nothing is cut at the edge of what is looked at.
    const long = `u1_${ONE.repeat(150)}`;
    expect(
      found(
        "[[rules]]\nid='u'\nregex='''u1_[a-z0-9]{20,}'''",
        `${"-".repeat(9000)}${long}-${"-".repeat(9000)}`,
      ),
    ).toEqual([`u ${long}`]);
  });

  test("reports no more than a token may be", () => {
    expect(
      found("[[rules]]\nid='pem'\nregex='''(?s)-----BEGIN.*?END-----'''", "-----BEGIN x\ny\nEND-----"),
    ).toEqual([]);
  });
});

describe("allow-lists", () => {
  const hit = `acme_key="${ONE}" # spare`;
  const list = (text: string) => `${ACME}[[rules.allowlists]]\n${text}\n`;

  test.each([
    ["regexes = ['''^q8z''']", true],
    ["regexes = ['''acme''']", false],
    ["regexTarget = 'match'\nregexes = ['''acme''']", true],
    ["regexTarget = 'match'\nregexes = ['''spare''']", false],
    ["regexTarget = 'line'\nregexes = ['''spare''']", true],
    ["stopwords = ['LW4']", true],
    ["stopwords = ['acme']", false],
    ["paths = ['''^src/''']", true],
    ["paths = ['''^lib/''']", false],
    ["commits = ['c0ffee', 'ABC123']", true],
    ["commits = ['c0ffee']", false],
    ["paths = ['''^lib/''']\nstopwords = ['lw4']", true],
    ["condition = 'AND'\npaths = ['''^lib/''']\nstopwords = ['lw4']", false],
    ["condition = 'AND'\npaths = ['''^src/''']\nstopwords = ['lw4']", true],
    ["condition = '&&'\ncommits = ['abc123']\nregexes = ['''^q''']", true],
  ])("%s", (text, isAllowed) => {
    const expected = isAllowed ? [] : [`acme ${ONE}`];
    expect(found(list(text), hit, "src/a.ts", "abc123")).toEqual(expected);
    expect(found(`${ACME}[[allowlists]]\n${text}\n`, hit, "src/a.ts", "abc123")).toEqual(expected);
    expect(
      found(`${ACME}[[allowlists]]\ntargetRules = ["acme"]\n${text}\n`, hit, "src/a.ts", "abc123"),
    ).toEqual(expected);
    expect(
      found(`${ACME}[[allowlists]]\ntargetRules = ["other"]\n${text}\n`, hit, "src/a.ts", "abc123"),
    ).toEqual([`acme ${ONE}`]);
  });

  test("older files have one table of them", () => {
    expect(found(`${ACME}[rules.allowlist]\nstopwords = ["lw4"]\n`, hit)).toEqual([]);
    expect(found(`[allowlist]\npaths = ['''ts$''']\n${ACME}`, hit)).toEqual([]);
  });

  test("those of the whole file look at what the table finds too, and not at the inventory", () => {
    expect(found(ACME, GITHUB)).toEqual([`github-token ${GITHUB}`]);
    expect(found(`[[allowlists]]\npaths = ['''lock$''']\n${ACME}`, GITHUB, "a.lock")).toEqual([]);
    expect(found(`[[allowlists]]\nstopwords = ["madeup"]\n${ACME}`, GITHUB)).toEqual([]);
  });

  test("a line says gitleaks:allow", () => {
    expect(found(ACME, `${hit} gitleaks:allow`)).toEqual([]);
  });
});

describe("extending", () => {
  const below = `${ACME}\n[[rules]]\nid = "beta"\nregex = '''beta_[a-z0-9]{20}'''\n`;
  const text = `acme_key="${ONE}" beta_${TWO} `;
  const rules = (upper: string) => {
    const blob = Buffer.from(text);
    const read = rulesOf({ "/rules/a.toml": upper, "/rules/more/b.toml": below });
    return Detector.of({ gitleaks: [read] })
      .find(blob, "")
      .map(({ rule }) => rule);
  };

  test("a file has the rules of the file it names, but for those it switches off", () => {
    expect(rules('[extend]\npath = "more/b.toml"')).toEqual(["acme", "beta"]);
    expect(rules('[extend]\npath = "more/b.toml"\ndisabledRules = ["beta"]')).toEqual(["acme"]);
    const own = "[[rules]]\nid = 'beta'\nregex = '''beta_w[a-z0-9]{19}'''";
    expect(rules(`[extend]\npath = "more/b.toml"\ndisabledRules = ["acme", "beta"]\n${own}`)).toEqual([
      "beta",
    ]);
  });

  test("of a rule that both have, it says what it changes", () => {
    expect(rules('[extend]\npath = "more/b.toml"\n[[rules]]\nid = "acme"\nentropy = 7.5')).toEqual(["beta"]);
    expect(
      rules(
        '[extend]\npath = "more/b.toml"\n[[rules]]\nid = "acme"\n[[rules.allowlists]]\nstopwords = ["lw4"]',
      ),
    ).toEqual(["beta"]);
  });

  test("the default is the table, of which rules are switched off by their name", () => {
    const detector = (toml: string) => Detector.of({ gitleaks: [rulesOf(toml)] });
    expect(detector("[extend]\nuseDefault = true").find(Buffer.from(GITHUB), "")).toHaveLength(1);
    expect(
      detector('[extend]\nuseDefault = true\ndisabledRules = ["github-token"]').find(Buffer.from(GITHUB), ""),
    ).toEqual([]);
  });
});

describe("required companions", () => {
  const toml = (bounds: string) => `[[rules]]
id = "id"
regex = '''acme_id=([a-z0-9]{20})'''
skipReport = true
[[rules]]
id = "secret"
regex = '''acme_secret=([a-z0-9]{20})'''
[[rules.required]]
id = "id"
${bounds}
`;

  test.each([
    ["", `acme_secret=${ONE}`, false],
    ["", `acme_secret=${ONE}\n\n\nacme_id=${TWO}`, true],
    ["withinLines = 3", `acme_secret=${ONE}\n\n\nacme_id=${TWO}`, true],
    ["withinLines = 2", `acme_secret=${ONE}\n\n\nacme_id=${TWO}`, false],
    ["withinLines = 0", `acme_id=${TWO} acme_secret=${ONE}`, true],
    ["withinColumns = 5", `acme_id=${TWO}\nacme_secret=${ONE}`, true],
    ["withinColumns = 3", `acme_id=${TWO}\nacme_secret=${ONE}`, false],
    ["withinLines = 1\nwithinColumns = 5", `acme_id=${TWO}\n\nacme_secret=${ONE}`, false],
  ])("%s: %j", (bounds, text, isFound) => {
    expect(found(toml(bounds), text)).toEqual(isFound ? [`secret ${ONE}`] : []);
  });
});

describe("what cannot be read", () => {
  test("a rule that RE2 cannot compile is left out and named, and the others count", () => {
    const read =
      rulesOf(`[[rules]]\nid = "ahead"\nregex = '''a(?=b)'''\n[[rules]]\nid = "back"\nregex = '''(a)\\1'''
[[rules]]\nid = "file"\npath = '''\\.p12$'''\n[[rules]]\nid = "group"\nregex = "a(b)"\nsecretGroup = 2
[[rules]]\nid = "lonely"\nregex = "a"\n[[rules.required]]\nid = "gone"\n${ACME}[[rules.allowlists]]\nregexes = ["(x"]`);
    expect(read.rules.map(({ parts }) => parts.id)).toEqual(["acme"]);
    expect(read.problems.map((problem) => /"[a-z]+"/.exec(problem)![0])).toEqual([
      '"ahead"',
      '"back"',
      '"file"',
      '"group"',
      '"lonely"',
      '"acme"',
    ]);
  });

  test.each([
    ["[[rules]\nid", /is no TOML: line 1/],
    ["[[rules]]\nid = 7", /rules\.0\.id/],
    ["[[rules]]\nid = 'a'\nregex = 'b'\nentropy = 'high'", /entropy/],
    ["[[rules]]\nid = 'a'\nregex = 'b'\n[[rules.allowlists]]\ncondition = 'XOR'", /condition/],
  ])("%j", (toml, why) => {
    expect(() => rulesOf(toml)).toThrow(why);
  });

  test("a rule that is switched off and is not there is named", () => {
    expect(rulesOf('[extend]\nuseDefault = true\ndisabledRules = ["jwt", "jwts"]').problems).toEqual([
      'extend.disabledRules: there is no rule "jwts"',
    ]);
  });

  test("what a file extends is followed two files deep, and never fetched", () => {
    const loop = rulesOf(`[extend]\npath = "a.toml"\n${ACME}`);
    expect(loop.problems).toEqual([expect.stringMatching(/deep/)]);
    expect(loop.rules).toHaveLength(1);
    expect(rulesOf('[extend]\nurl = "https://made-up.example/rules.toml"').problems).toEqual([
      expect.stringMatching(/not fetched/),
    ]);
  });
});
