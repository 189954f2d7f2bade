import { z } from "zod";
import { Budget } from "./archive/budget.ts";
import { HEAD_BYTES, packingOf } from "./archive/kinds.ts";
import { unpacked } from "./archive/unpack.ts";
import { inHand } from "./archive/zip.ts";
import type { Span } from "./bounds.ts";
import { type Address, commitUrl, fileUrl } from "./git/address.ts";
import { type Commit, commits } from "./git/history.ts";
import { Objects } from "./git/objects.ts";
import { Git, type GitOptions } from "./git/run.ts";
import type { Piece, Place, Reader, ReadOptions, ScanLimits } from "./source.ts";

/** A repository that can be read. */
export interface Repository {
  readonly label: string;
  /** Where people find it; null for a folder. */
  readonly address: Address | null;
  /** Brings it up to date where it is a copy, and answers its folder. Rejects with SourceFailed. */
  open(limits: ScanLimits, signal: AbortSignal): Promise<string>;
}

/** Of a list of refs. */
const REFS_BYTES_MAX = 256 * 1024 * 1024;
/** Changes that are looked up together. */
const CHANGES_AT_ONCE = 512;
/** Of messages and authors that are held until then. */
const WORDS_BYTES_MAX = 4 * 1024 * 1024;
/** Commits after which a mark is given, where a look is long. */
const MARK_COMMITS = 2_000;
/** A blob of so many bytes is held whole. */
const SMALL_BYTES = 128 * 1024;

const markSchema = z.object({ tips: z.array(z.string().regex(/^[0-9a-f]{40,64}$/)) });

/**
 * The history of a repository: each file of each commit that any ref leads to, once, at the commit by which it came; files that
 * were deleted since, messages of commits and tags too, and what archives hold. A mark holds the commits up to which all was read: from there only what is
 * new is looked at. Of commits that are not there any more (a force push, a new clone) nothing is presumed.
 */
export class GitReader implements Reader {
  readonly source = "git";
  readonly label: string;
  private readonly repository: Repository;

  constructor(repository: Repository) {
    this.repository = repository;
    this.label = repository.label;
  }

  async *read({ mark, limits, signal }: ReadOptions): AsyncGenerator<Piece> {
    const gitDir = await this.repository.open(limits, signal);
    const options: GitOptions = { gitDir, signal };
    const tips = await tipsOf(options);
    const before = new Set(markSchema.safeParse(mark).data?.tips ?? []);
    const isUnchanged = tips.length === before.size && tips.every((id) => before.has(id));
    if (!isUnchanged) yield* this.history(tips, before, limits, options);
    yield { kind: "mark", mark: { tips } };
  }

  private async *history(
    tips: readonly string[],
    before: ReadonlySet<string>,
    limits: ScanLimits,
    options: GitOptions,
  ): AsyncGenerator<Piece> {
    const objects = new Objects(options);
    try {
      const known = (await objects.list([...before])).filter(({ size }) => size !== null).map(({ id }) => id);
      const fresh = await objects.list(tips.filter((id) => !before.has(id)));
      const there = fresh.filter(({ size }) => size !== null);
      for (const { id } of fresh.filter(({ size }) => size === null))
        yield { kind: "skipped", path: id, why: "unreadable" };
      const starts = there.filter(({ type }) => type === "commit" || type === "tag").map(({ id }) => id);
      if (starts.length > 0) yield* new History(this, objects, limits, options).pieces(starts, known);
      // A ref, or a tag, may lead to a file of no commit.
      const tags = there.filter(({ type }) => type === "tag" || type === "blob").map(({ id }) => id);
      yield* this.tags(tags, objects, limits);
    } finally {
      objects.close();
    }
  }

  private async *tags(ids: readonly string[], objects: Objects, limits: ScanLimits): AsyncGenerator<Piece> {
    const files: string[] = [];
    for await (const { id, type, size, bytes } of objects.read(ids)) {
      const place = { ...this.placeOf(id, "tag"), path: `${type} ${id}` };
      if (type === "blob" || size > limits.textBytesMax) {
        files.push(id);
        continue;
      }
      const text = await whole(bytes);
      const target = /^object ([0-9a-f]+)\ntype blob\n/.exec(text.toString("latin1", 0, 100));
      if (target !== null) files.push(target[1]!);
      yield { kind: "text", path: place.path, place, bytes: text };
    }
    for (const { id, size } of await objects.list(files))
      if (size === null || size > limits.textBytesMax)
        yield { kind: "skipped", path: id, why: size === null ? "unreadable" : "too_large" };
      else
        for await (const { bytes } of objects.read([id])) {
          const place = { ...this.placeOf(id, "tag"), path: `blob ${id}` };
          yield {
            kind: "text",
            path: place.path,
            place,
            bytes: size <= SMALL_BYTES ? await whole(bytes) : bytes,
          };
        }
  }

  /** Where a file of a commit stands, or what was said of one. */
  placeOf(id: string, what: "tag" | "message" | { readonly path: string }, commit?: Commit): Place {
    const { address } = this.repository;
    const url =
      address === null
        ? null
        : typeof what === "string"
          ? commitUrl(address, id)
          : fileUrl(address, id, what.path);
    return {
      source: this.source,
      url,
      path: typeof what === "string" ? `${what} of ${id}` : what.path,
      commit: id,
      author: commit?.author ?? null,
      seenAt: commit?.authoredAt ?? null,
    };
  }
}

/** Commits, and what is new in them. */
class History {
  private readonly reader: GitReader;
  private readonly objects: Objects;
  private readonly limits: ScanLimits;
  private readonly options: GitOptions;
  /** Blobs that were looked at, in half the characters. */
  private readonly seen = new Set<string>();

  constructor(reader: GitReader, objects: Objects, limits: ScanLimits, options: GitOptions) {
    this.reader = reader;
    this.objects = objects;
    this.limits = limits;
    this.options = options;
  }

  async *pieces(starts: readonly string[], known: readonly string[]): AsyncGenerator<Piece> {
    const of = await countOf(starts, known, this.options);
    // What all was read up to: parents come before their children, which take their places.
    const ends = new Set(known);
    let batch: Commit[] = [];
    let changes = 0;
    let words = 0;
    let done = 0;
    for await (const commit of commits(starts, known, this.options)) {
      batch.push(commit);
      changes += commit.changes.length;
      words += commit.message.length + commit.author.length;
      for (const parent of commit.parents) ends.delete(parent);
      ends.add(commit.id);
      done++;
      const isFull =
        changes >= CHANGES_AT_ONCE || batch.length >= CHANGES_AT_ONCE || words >= WORDS_BYTES_MAX;
      if (!isFull && done % MARK_COMMITS !== 0) continue;
      yield* this.batch(batch);
      yield { kind: "progress", done, of, what: "commits" };
      if (done % MARK_COMMITS === 0) yield { kind: "mark", mark: { tips: [...ends] } };
      batch = [];
      changes = 0;
      words = 0;
    }
    yield* this.batch(batch);
    yield { kind: "progress", done, of, what: "commits" };
  }

  private async *batch(batch: readonly Commit[]): AsyncGenerator<Piece> {
    const fresh: { readonly commit: Commit; readonly path: string; readonly blob: string }[] = [];
    for (const commit of batch) {
      const place = this.reader.placeOf(commit.id, "message", commit);
      yield { kind: "text", path: "commit message", place, bytes: commit.message };
      for (const why of commit.omitted) yield { kind: "skipped", path: `commit ${commit.id}`, why };
      for (const { blob, path } of commit.changes) {
        const short = Buffer.from(blob, "hex").toString("latin1");
        if (this.seen.has(short)) continue;
        this.seen.add(short);
        fresh.push({ commit, path, blob });
      }
    }
    const listed = await this.objects.list(fresh.map(({ blob }) => blob));
    const readable: typeof fresh = [];
    for (const [index, { size }] of listed.entries()) {
      const each = fresh[index]!;
      if (size !== null && size <= this.limits.textBytesMax) readable.push(each);
      else yield { kind: "skipped", path: each.path, why: size === null ? "unreadable" : "too_large" };
    }
    let index = 0;
    for await (const { id, size, bytes } of this.objects.read(readable.map(({ blob }) => blob))) {
      // One that is gone meanwhile is not given.
      while (readable[index]!.blob !== id) index++;
      const { commit, path } = readable[index++]!;
      const place = this.reader.placeOf(commit.id, { path }, commit);
      const text = size <= SMALL_BYTES ? await whole(bytes) : bytes;
      if (Buffer.isBuffer(text) && packingOf(text.subarray(0, HEAD_BYTES)) === null) {
        yield { kind: "text", path, place, bytes: text };
        continue;
      }
      // No page shows a line of what an archive holds.
      const { url } = this.reader.placeOf(commit.id, "message", commit);
      const placeOf = (within: string) => (within === path ? place : { ...place, path: within, url });
      const packed = Buffer.isBuffer(text) ? inHand(text) : text;
      yield* unpacked(packed, path, { budget: new Budget(this.limits, size), placeOf });
    }
  }
}

/** What all refs lead to, and HEAD, which may be on none of them; each once. */
async function tipsOf(options: GitOptions): Promise<string[]> {
  const refs = new Git("for-each-ref", ["for-each-ref", "--format=%(objectname)"], options);
  const head = new Git("rev-parse", ["rev-parse", "--verify", "--quiet", "HEAD"], options);
  // There is none before the first commit.
  const [listed, first] = await Promise.all([refs.text(REFS_BYTES_MAX), head.text(1_024).catch(() => "")]);
  return [...new Set(`${listed}\n${first}`.split("\n").filter((id) => /^[0-9a-f]{40,64}$/.test(id)))];
}

async function countOf(
  starts: readonly string[],
  known: readonly string[],
  options: GitOptions,
): Promise<number> {
  const git = new Git("rev-list", ["rev-list", "--count", "--stdin"], options);
  await git.revisions(starts, known);
  return Number(await git.text(1_024));
}

async function whole(bytes: Span): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
