import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { type AllowPrivate, guardedLookup, refuseAddress } from "../../outgoing/guard.ts";
import type { Repository } from "../git.ts";
import { printable } from "../given.ts";
import { type ScanLimits, SourceFailed } from "../source.ts";
import type { Address } from "./address.ts";
import { type IsAllowed, insideOf } from "./inside.ts";
import { Git } from "./run.ts";

const WATCH_MS = 1_000;
/** By the folder of a copy: ends, never rejected, when the last one who asked has fetched. */
const fetching = new Map<string, Promise<void>>();
const PORTS: Readonly<Record<string, number>> = { https: 443, http: 80, ssh: 22, git: 9418 };

/** A repository in a folder, bare or with files, which is read where it is. Nothing is written into it. */
export class LocalRepository implements Repository {
  readonly label: string;
  readonly address = null;
  private readonly path: string;
  private readonly isAllowed: IsAllowed | null;

  /** With `isAllowed` nothing is read that lies elsewhere, wherever the repository's files lead. */
  constructor(path: string, isAllowed: IsAllowed | null = null) {
    this.path = resolve(path);
    this.isAllowed = isAllowed;
    this.label = printable(this.path);
  }

  async open(): Promise<string> {
    const gitDir = gitDirOf(this.path);
    if (gitDir === null) throw new SourceFailed(`${this.label} is no git repository`, { isLasting: true });
    return this.isAllowed === null ? gitDir : await insideOf(gitDir, this.isAllowed);
  }
}

/** The repository's own folder of a folder, or null where that is none. Folders above it are not asked. */
export function gitDirOf(path: string): string | null {
  const within = join(path, ".git");
  if (existsSync(within)) return within;
  return existsSync(join(path, "HEAD")) && existsSync(join(path, "objects")) ? path : null;
}

export interface MirrorOptions {
  /** Where copies of repositories are kept; whoever comes again fetches what is new. */
  readonly folder: string;
  /** Whether a repository may lie at a private address, or one of this machine. */
  readonly allowPrivate: AllowPrivate;
}

/** A copy, without files, of a repository that is elsewhere: all its refs. */
export class Mirror implements Repository {
  readonly label: string;
  readonly address: Address;
  private readonly gitDir: string;
  private readonly allowPrivate: AllowPrivate;

  constructor(address: Address, { folder, allowPrivate }: MirrorOptions) {
    this.address = address;
    this.label = printable(address.url);
    this.gitDir = join(resolve(folder), `${hash("sha256", address.url, "hex").slice(0, 32)}.git`);
    this.allowPrivate = allowPrivate;
  }

  /** One at a time in one folder. */
  async open(limits: ScanLimits, signal: AbortSignal): Promise<string> {
    const { gitDir } = this;
    const before = fetching.get(gitDir);
    const opening = (before ?? Promise.resolve()).then(() => this.fetch(limits, signal));
    const over = opening.then(
      () => {},
      () => {},
    );
    fetching.set(gitDir, over);
    try {
      return await opening;
    } finally {
      if (fetching.get(gitDir) === over) fetching.delete(gitDir);
    }
  }

  private async fetch(limits: ScanLimits, signal: AbortSignal): Promise<string> {
    const { gitDir, address } = this;
    const { scheme, url, credentials } = address;
    if (signal.aborted) throw new SourceFailed(`${this.label}: the look was stopped`);
    const settings = await this.pinned();
    await mkdir(gitDir, { recursive: true, mode: 0o700 });
    await removeLeft(gitDir);
    if (!existsSync(join(gitDir, "HEAD")))
      await new Git("init", ["init", "--quiet", "--bare", "--template="], { gitDir, signal }).end();
    const ended = new AbortController();
    const isLarge = this.watch(limits.bytesMax, ended.signal);
    const secret = credentials === null ? null : Buffer.from(credentials).toString("base64");
    const fetch = new Git(
      "fetch",
      [
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--force",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--",
        url,
        "+refs/*:refs/*",
      ],
      {
        gitDir,
        signal,
        protocols: [scheme],
        settings: [...settings, "http.lowSpeedLimit=1000", "http.lowSpeedTime=60"],
        secrets: secret === null ? [] : [[`http.${url}.extraHeader`, `Authorization: Basic ${secret}`]],
      },
    );
    const tooLarge = isLarge.then((is) => {
      if (is) fetch.kill();
      return is;
    });
    try {
      await fetch.text(1_048_576);
    } catch (error) {
      ended.abort();
      if (!(await tooLarge)) throw error;
    } finally {
      ended.abort();
      // Whoever comes next must not find it at work.
      await fetch.gone();
    }
    if ((await tooLarge) || (await sizeOf(join(gitDir, "objects"))) > limits.bytesMax)
      throw new SourceFailed(`${this.label} is larger than ${limits.bytesMax} bytes`, { isLasting: true });
    return gitDir;
  }

  /** Looks the host up once, and, of HTTP, has git connect to what was found. Rejects with SourceFailed. */
  private async pinned(): Promise<string[]> {
    const { scheme, url, host } = this.address;
    if (scheme === "file") return [];
    const { port } = new URL(url);
    const name = host.replace(/:[0-9]+$/, "");
    const bare = name.replaceAll(/[[\]]/g, "");
    const refused = (error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === "EADDRREFUSED" ? message : `its name could not be looked up (${code})`;
      return new SourceFailed(`${this.label}: ${why}`, { isLasting: code === "EADDRREFUSED", cause: error });
    };
    try {
      refuseAddress(name, this.allowPrivate);
    } catch (error) {
      throw refused(error);
    }
    if (isIP(bare) !== 0) return [];
    const found = await new Promise<string[]>((found, failed) => {
      guardedLookup(this.allowPrivate)(bare, { all: true }, (error, addresses) => {
        if (error !== null) return failed(refused(error));
        found(Array.isArray(addresses) ? addresses.map(({ address }) => address) : [addresses]);
      });
    });
    if (scheme !== "http" && scheme !== "https") return [];
    const addresses = found.map((each) => (isIP(each) === 6 ? `[${each}]` : each)).join(",");
    return [`http.curloptResolve=${bare}:${port === "" ? PORTS[scheme] : port}:${addresses}`];
  }

  /** Resolves to true as soon as the copy is larger, to false when the signal is aborted. */
  private async watch(bytesMax: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if ((await sizeOf(join(this.gitDir, "objects"))) > bytesMax) return true;
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, WATCH_MS);
        signal.addEventListener(
          "abort",
          () => {
            clearTimeout(timer);
            resume();
          },
          { once: true },
        );
      });
    }
    return false;
  }
}

/** Takes away what a fetch that was killed has left, by which each later one would fail or the disk fill. */
async function removeLeft(gitDir: string): Promise<void> {
  const objects = join(gitDir, "objects");
  for (const { name, parentPath } of await readdir(gitDir, { recursive: true, withFileTypes: true })) {
    const isStored = parentPath === objects || parentPath.startsWith(`${objects}/`);
    if (name.endsWith(".lock") || (isStored && /^\.?tmp[-_]/.test(name)))
      await rm(join(parentPath, name), { recursive: true, force: true });
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const each of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    // Files come and go while git works.
    if (each.isFile())
      bytes += await stat(join(each.parentPath, each.name)).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
}
