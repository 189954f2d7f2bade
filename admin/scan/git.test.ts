import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tarOf, zipOf } from "../../test/archives.ts";
import { git, gitGiven, manyCommits, newRepository } from "../../test/repositories.ts";
import { temporaryFolder } from "../../test/support.ts";
import { addressOf, gitSchemes } from "./git/address.ts";
import { LocalRepository, Mirror } from "./git/repository.ts";
import { GitReader } from "./git.ts";
import {
  defaultLimits,
  type Mark,
  type Piece,
  type Reader,
  type ScanLimits,
  SourceFailed,
} from "./source.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

interface Read {
  readonly texts: readonly (Extract<Piece, { kind: "text" }> & { readonly text: string })[];
  readonly skipped: readonly Extract<Piece, { kind: "skipped" }>[];
  readonly marks: readonly Mark[];
}

async function readAll(
  reader: Reader,
  mark: Mark | null = null,
  limits: Partial<ScanLimits> = {},
): Promise<Read> {
  const read = { texts: [], skipped: [], marks: [] } as {
    texts: Read["texts"][number][];
    skipped: Read["skipped"][number][];
    marks: Mark[];
  };
  const signal = new AbortController().signal;
  for await (const piece of reader.read({ mark, limits: { ...defaultLimits, ...limits }, signal })) {
    if (piece.kind === "mark") read.marks.push(piece.mark);
    if (piece.kind === "skipped") read.skipped.push(piece);
    if (piece.kind !== "text") continue;
    const parts: Buffer[] = [];
    if (Buffer.isBuffer(piece.bytes)) parts.push(piece.bytes);
    else for await (const part of piece.bytes) parts.push(part);
    read.texts.push({ ...piece, text: Buffer.concat(parts).toString("utf8") });
  }
  return read;
}

const files = ({ texts }: Read) =>
  texts.filter(({ path }) => path !== "commit message").map(({ path, text }) => `${path}: ${text.trim()}`);
const local = (path: string) => new GitReader(new LocalRepository(path));

function commit(repository: string, name: string, text: string, message = name): string {
  mkdirSync(join(repository, name, ".."), { recursive: true });
  writeFileSync(join(repository, name), text);
  git(repository, "add", "-A");
  git(repository, "commit", "--quiet", "--message", message);
  return git(repository, "rev-parse", "HEAD");
}

describe("a repository in a folder", () => {
  let path: string;
  beforeEach(() => {
    path = newRepository(join(folder.path, "repository"));
  });

  test("is read with all its history, deleted files, branches, messages, tags and merges; each blob once", async () => {
    const first = commit(path, "a/deleted.env", "was here", "first\n\nand its body");
    git(path, "rm", "--quiet", "a/deleted.env");
    git(path, "commit", "--quiet", "--message", "away");
    commit(path, "again.env", "was here");
    git(path, "checkout", "--quiet", "-b", "other");
    commit(path, "other.txt", "on another branch");
    git(path, "checkout", "--quiet", "main");
    commit(path, "main.txt", "on main");
    git(path, "merge", "--quiet", "--no-commit", "other");
    commit(path, "evil.txt", "only in the merge");
    git(path, "tag", "--annotate", "v1", "--message", "words of a tag");
    git(path, "tag", "blob", git(path, "rev-parse", "HEAD:main.txt"));
    const read = await readAll(local(path));
    expect(files(read).sort()).toEqual([
      "a/deleted.env: was here",
      expect.stringMatching(/^blob [0-9a-f]{40}: on main$/),
      "evil.txt: only in the merge",
      "main.txt: on main",
      "other.txt: on another branch",
      expect.stringMatching(/^tag [0-9a-f]{40}: object[\s\S]*words of a tag$/),
    ]);
    expect(
      read.texts.filter(({ path: each }) => each === "commit message").map(({ text }) => text.trim()),
    ).toContain("first\n\nand its body");
    const found = read.texts.find(({ path: each }) => each === "a/deleted.env")!;
    expect(found.place).toEqual({
      source: "git",
      url: null,
      path: "a/deleted.env",
      commit: first,
      author: "Ann Made-Up <ann@example.com>",
      seenAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
  });

  test("is looked at for what is new from a mark on", async () => {
    commit(path, "one.txt", "one");
    const first = await readAll(local(path));
    const mark = first.marks.at(-1)!;
    expect(await readAll(local(path), mark)).toEqual({ texts: [], skipped: [], marks: [mark] });
    commit(path, "two.txt", "two");
    const second = await readAll(local(path), mark);
    expect(files(second)).toEqual(["two.txt: two"]);
    git(path, "tag", "--annotate", "v1", "--message", "words");
    const third = await readAll(local(path), second.marks.at(-1)!);
    expect(files(third)).toEqual([expect.stringContaining("words")]);
  });

  test("that was pushed over with force, or lost commits of the mark, misses nothing", async () => {
    commit(path, "one.txt", "one");
    commit(path, "two.txt", "two");
    const { marks } = await readAll(local(path));
    git(path, "reset", "--quiet", "--hard", "HEAD~1");
    commit(path, "three.txt", "three");
    expect(files(await readAll(local(path), marks.at(-1)!))).toEqual(["three.txt: three"]);
    git(path, "reflog", "expire", "--expire=now", "--all");
    git(path, "gc", "--quiet", "--prune=now");
    const gone = await readAll(local(path), {
      tips: [...(marks.at(-1)!.tips as string[]), `${"0".repeat(39)}1`],
    });
    expect(files(gone)).toEqual(["one.txt: one", "three.txt: three"]);
    expect(files(await readAll(local(path), { tips: "not a list" }))).toHaveLength(2);
  });

  test("gives marks on a long way, from which nothing is missed", async () => {
    const bare = join(folder.path, "many.git");
    await manyCommits(bare, 2_100, (each) => `text ${each}`);
    const whole = await readAll(local(bare));
    expect(whole.marks).toHaveLength(2);
    const rest = await readAll(local(bare), whole.marks[0]!);
    expect(files(rest)).toEqual(files(whole).slice(2_000));
  });

  test("names no blob that is too large, and no submodule, but where links lead", async () => {
    writeFileSync(join(path, "large.bin"), Buffer.alloc(5_000, "x"));
    git(path, "add", "large.bin");
    git(path, "update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
    const link = git(path, "hash-object", "-w", "large.bin");
    git(path, "update-index", "--add", "--cacheinfo", `120000,${link},link`);
    git(path, "commit", "--quiet", "--message", "large");
    const read = await readAll(local(path), null, { textBytesMax: 4_000 });
    expect(files(read)).toEqual([]);
    expect(read.skipped).toEqual([{ kind: "skipped", path: "large.bin", why: "too_large" }]);
  });

  test("whose trees repeat themselves, or whose message is huge, is read up to bounds that are counted", async () => {
    commit(path, "one.txt", "one");
    const blob = git(path, "rev-parse", "HEAD:one.txt");
    let tree = "";
    for (let level = 0; level < 5; level++) {
      const entry = level === 0 ? `100644 blob ${blob}` : `040000 tree ${tree}`;
      tree = gitGiven(path, [..."0123456789"].map((name) => `${entry}\t${name}\n`).join(""), "mktree");
    }
    tree = gitGiven(path, `040000 tree ${tree}\ta\n100644 blob ${blob}\tb\n`, "mktree");
    const bomb = gitGiven(path, "x".repeat(1_100_000), "commit-tree", tree, "-p", "HEAD");
    const two = gitGiven(path, "two", "hash-object", "-w", "--stdin");
    const after = gitGiven(path, `100644 blob ${two}\ttwo.txt\n`, "mktree");
    git(path, "update-ref", "HEAD", gitGiven(path, "two", "commit-tree", after, "-p", bomb));
    const read = await readAll(local(path));
    expect(files(read)).toEqual(["one.txt: one", "two.txt: two"]);
    expect(read.skipped).toEqual([
      { kind: "skipped", path: `commit ${bomb}`, why: "too_large" },
      { kind: "skipped", path: `commit ${bomb}`, why: "too_many" },
    ]);
  });

  test("is looked into where it holds archives, small and large", async () => {
    const text = Array.from({ length: 40_000 }, (_, index) => index * 7_919).join(" ");
    writeFileSync(join(path, "small.jar"), zipOf([{ name: "in.env", bytes: "in a zip" }]));
    writeFileSync(
      join(path, "large.tar"),
      tarOf([
        { name: "a.env", bytes: "in a tar" },
        { name: "b.txt", bytes: text },
      ]),
    );
    git(path, "add", "-A");
    git(path, "commit", "--quiet", "--message", "packed");
    const read = await readAll(local(path));
    expect(files(read)).toEqual([
      "large.tar!/a.env: in a tar",
      `large.tar!/b.txt: ${text}`,
      "small.jar!/in.env: in a zip",
    ]);
  });

  test("with control characters in names and authors gives them as they are, one by one", async () => {
    const name = "a\u001b[31m\nb.txt";
    writeFileSync(join(path, name), "text");
    git(path, "add", "-A");
    git(path, "commit", "--quiet", "--author", "\u0007Bell <b@example.com>", "--message", "m");
    const read = await readAll(local(path));
    expect(files(read)).toEqual([`${name}: text`]);
  });

  test("starts nothing of what it configures: hooks, monitors, signature checks, or fetching over ext::", async () => {
    commit(path, "one.txt", "one");
    const trap = (what: string) => `touch ${join(folder.path, what)}`;
    const settings = {
      "core.fsmonitor": trap("fsmonitor"),
      "core.pager": trap("pager"),
      "core.sshCommand": trap("ssh"),
      "gpg.program": trap("gpg"),
      "log.showSignature": "true",
      "diff.external": trap("diff"),
      "protocol.ext.allow": "always",
      "extensions.partialClone": "origin",
      "remote.origin.promisor": "true",
      "remote.origin.url": `ext::${trap("ext")}`,
    };
    for (const [name, value] of Object.entries(settings)) git(path, "config", name, value);
    git(path, "config", "core.repositoryFormatVersion", "1");
    for (const hook of ["post-checkout", "reference-transaction", "pre-auto-gc"])
      writeFileSync(join(path, ".git", "hooks", hook), `#!/bin/sh\n${trap("hook")}\n`, { mode: 0o755 });
    const blob = git(path, "rev-parse", "HEAD:one.txt");
    rmSync(join(path, ".git", "objects", blob.slice(0, 2), blob.slice(2)));
    const read = await readAll(local(path));
    expect(read.skipped).toEqual([{ kind: "skipped", path: "one.txt", why: "unreadable" }]);
    for (const what of ["fsmonitor", "pager", "ssh", "gpg", "diff", "ext", "hook"])
      expect(existsSync(join(folder.path, what)), what).toBe(false);
  });

  test.each<[string, (outside: string, inside: string) => void]>([
    [".git as a link", (outside, inside) => symlinkSync(join(outside, ".git"), join(inside, ".git"))],
    [
      ".git as a file",
      (outside, inside) => writeFileSync(join(inside, ".git"), `gitdir: ${join(outside, ".git")}\n`),
    ],
    [
      "commondir",
      (outside, inside) => {
        newRepository(inside);
        writeFileSync(join(inside, ".git", "commondir"), join(outside, ".git"));
      },
    ],
    [
      "alternates",
      (outside, inside) => {
        newRepository(inside);
        const store = join(outside, ".git", "objects");
        writeFileSync(join(inside, ".git", "objects", "info", "alternates"), `${store}\n`);
      },
    ],
    [
      "a linked folder of objects",
      (outside, inside) => {
        newRepository(inside);
        symlinkSync(join(outside, ".git", "objects"), join(inside, ".git", "objects", "aa"));
      },
    ],
  ])("is not read where it leads out of what may be read: %s", async (_, lay) => {
    commit(path, "one.txt", "one");
    const root = realpathSync(folder.path);
    const inside = join(root, "allowed", "repository");
    mkdirSync(inside, { recursive: true });
    lay(path, inside);
    const isAllowed = (real: string) => real.startsWith(join(root, "allowed"));
    await expect(readAll(new GitReader(new LocalRepository(inside, isAllowed)))).rejects.toMatchObject({
      message: expect.stringContaining("leads out of the folders"),
      isLasting: true,
    });
  });

  test("may borrow, and be a work tree, where all lies in what may be read", async () => {
    commit(path, "one.txt", "one");
    const root = realpathSync(folder.path);
    git(root, "clone", "--quiet", "--shared", path, "borrows");
    git(path, "worktree", "add", "--quiet", join(root, "tree"));
    for (const each of ["borrows", "tree"]) {
      const repository = new LocalRepository(join(root, each), (real) => real.startsWith(root));
      expect(files(await readAll(new GitReader(repository)))).toEqual(["one.txt: one"]);
    }
  });

  test("that is empty, is none, or whose path begins with a hyphen", async () => {
    expect(await readAll(local(path))).toEqual({ texts: [], skipped: [], marks: [{ tips: [] }] });
    await expect(readAll(local(folder.path))).rejects.toThrow("is no git repository");
    const odd = join(folder.path, "-x");
    renameSync(path, odd);
    commit(odd, "one.txt", "one");
    expect(files(await readAll(local(odd)))).toEqual(["one.txt: one"]);
  });
});

describe("a repository that is elsewhere", () => {
  let path: string;
  beforeEach(() => {
    path = newRepository(join(folder.path, "repository"));
  });
  const mirror = (url: string) => {
    const address = addressOf(url, gitSchemes);
    return new GitReader(new Mirror(address, { folder: join(folder.path, "cache"), allowPrivate: false }));
  };

  test("is copied once, and then what is new is fetched", async () => {
    commit(path, "one.txt", "one");
    const { href } = pathToFileURL(path);
    const first = await readAll(mirror(href));
    expect(files(first)).toEqual(["one.txt: one"]);
    commit(path, "two.txt", "two");
    git(path, "branch", "other");
    const second = await readAll(mirror(href), first.marks.at(-1)!);
    expect(files(second)).toEqual(["two.txt: two"]);
    await expect(readAll(mirror(pathToFileURL(join(folder.path, "none")).href))).rejects.toThrow(
      SourceFailed,
    );
  });

  test("is fetched after a fetch that was killed, and by two at once", async () => {
    commit(path, "one.txt", "one");
    const { href } = pathToFileURL(path);
    await readAll(mirror(href));
    const [name] = readdirSync(join(folder.path, "cache"));
    const copy = join(folder.path, "cache", name!);
    const left = ["packed-refs.lock", "refs/heads/main.lock", "config.lock", "objects/pack/tmp_pack_x1"];
    mkdirSync(join(copy, "refs", "heads"), { recursive: true });
    for (const each of left) writeFileSync(join(copy, each), "");
    commit(path, "two.txt", "two");
    git(path, "branch", "tmp_kept");
    const both = await Promise.all([readAll(mirror(href)), readAll(mirror(href))]);
    for (const read of both) expect(files(read)).toEqual(["one.txt: one", "two.txt: two"]);
    for (const each of left) expect(existsSync(join(copy, each)), each).toBe(false);
    expect(git(copy, "branch", "--list", "tmp_kept")).toContain("tmp_kept");
  });

  test("is not copied whole where it is too large", async () => {
    commit(path, "one.txt", "one");
    const reading = readAll(mirror(pathToFileURL(path).href), null, { bytesMax: 100 });
    await expect(reading).rejects.toThrow("is larger than 100 bytes");
  });

  test("that fails is told of without the server's words, refs and what may be a token", async () => {
    const token = "madeup_0123456789abcdefghij";
    const failure = async (...said: string[]) => {
      writeFileSync(
        join(folder.path, "git"),
        `#!/bin/sh\ncat >&2 <<'END'\n${said.join("\n")}\nEND\nexit 1\n`,
        { mode: 0o755 },
      );
      const { PATH } = process.env;
      process.env.PATH = `${folder.path}:${PATH}`;
      try {
        return await readAll(mirror(pathToFileURL(path).href)).catch(({ message }) => message);
      } finally {
        process.env.PATH = PATH;
      }
    };
    expect(await failure("fatal: no", "remote: words of a stranger")).toBe("git init: fatal: no");
    expect(await failure(`fatal: no ref refs/heads/short ${token}`)).toBe("git init: fatal: no ref ... ...");
  });

  test("must not lie at a private address, and what opens it is in no message", async () => {
    for (const host of ["127.0.0.1:9", "[::1]", "169.254.169.254", "localhost"]) {
      const failure = await readAll(mirror(`https://ann:made-up-password@${host}/a/b.git`)).catch(
        (error) => error,
      );
      expect(failure).toBeInstanceOf(SourceFailed);
      expect(failure).toMatchObject({ isLasting: true });
      expect(failure.message).toContain("private");
      expect(failure.message).not.toContain("made-up-password");
    }
  });
});

describe("without git", () => {
  const path = process.env.PATH;
  beforeAll(() => {
    process.env.PATH = "/nowhere";
  });
  afterAll(() => {
    process.env.PATH = path;
  });

  test("says so", async () => {
    mkdirSync(join(folder.path, ".git"));
    await expect(readAll(local(folder.path))).rejects.toThrow("git is not installed");
  });
});
