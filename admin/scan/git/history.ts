import type { Cursor } from "../bounds.ts";
import { SourceFailed } from "../source.ts";
import { Git, type GitOptions } from "./run.ts";

/** A file as a commit leaves it, where that is in none of its parents. */
export interface Change {
  readonly blob: string;
  readonly path: string;
}

export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
  /** Milliseconds since 1970. */
  readonly authoredAt: number;
  readonly author: string;
  readonly message: Buffer;
  readonly changes: readonly Change[];
  /** Why some of it is not here: more changes than are taken of a commit, or a field that is cut. */
  readonly omitted: ReadonlySet<"too_many" | "too_large">;
}

/** Of one field: git itself takes larger messages, nobody writes them. */
const FIELD_BYTES_MAX = 1024 * 1024;
/** Of one commit: trees that repeat themselves unfold to any number of paths. */
const CHANGES_MAX = 100_000;
/** Of all paths of one commit. */
const PATHS_BYTES_MAX = 32 * 1024 * 1024;
const NUL = 0;
/** Modes of what holds text: files, and links, whose targets are texts. Submodules (160000) are commits of elsewhere. */
const HAS_TEXT = /^1[02]/;

/**
 * The commits that are reached from `tips` and not from `known`, parents before children. Of a merge, what none of its parents
 * has.
 */
export async function* commits(
  tips: readonly string[],
  known: readonly string[],
  options: GitOptions,
): AsyncGenerator<Commit> {
  const git = new Git(
    "log",
    [
      "log",
      "--stdin",
      "--topo-order",
      "--reverse",
      "-z",
      "--raw",
      "-r",
      "-c",
      "--root",
      "--no-abbrev",
      "--no-renames",
      "--no-ext-diff",
      "--no-textconv",
      "--no-color",
      "--no-decorate",
      "--no-show-signature",
      "--no-notes",
      "--encoding=UTF-8",
      "--ignore-submodules=all",
      "--format=tformat:%H%x00%P%x00%at%x00%an <%ae>%x00%B%x00",
    ],
    options,
  );
  try {
    await git.revisions(tips, known);
    let first = await git.out.line(NUL, FIELD_BYTES_MAX);
    while (first !== null) {
      const read = await commitOf(first, git.out);
      if (read === null) throw git.failed();
      yield read.commit;
      first = read.next;
    }
    await git.end();
  } finally {
    git.kill();
  }
}

/** Fields end with NULs, so that nothing that somebody wrote can be taken for another one. */
async function commitOf(id: Buffer, out: Cursor): Promise<{ commit: Commit; next: Buffer | null } | null> {
  const omitted = new Set<"too_many" | "too_large">();
  const fields: Buffer[] = [];
  for (let count = 0; count < 4; count++) {
    const field = await out.line(NUL, FIELD_BYTES_MAX + 1);
    if (field === null) return null;
    if (field.length > FIELD_BYTES_MAX) omitted.add("too_large");
    fields.push(field.subarray(0, FIELD_BYTES_MAX));
  }
  const [parents, at, author, message] = fields as [Buffer, Buffer, Buffer, Buffer];
  const changes: Change[] = [];
  let pathsBytes = 0;
  let next = await out.line(NUL, FIELD_BYTES_MAX);
  for (; next !== null && (next.length === 0 || isRaw(next)); next = await out.line(NUL, FIELD_BYTES_MAX)) {
    // One stands behind each message, and one more behind a merge's.
    if (next.length === 0) continue;
    // What git has found it writes out: beyond the bounds it is passed over, and none of it is kept.
    const path = await out.line(NUL, FIELD_BYTES_MAX + 1);
    if (path === null) break;
    if (changes.length === CHANGES_MAX || pathsBytes + path.length > PATHS_BYTES_MAX) omitted.add("too_many");
    else if (path.length > FIELD_BYTES_MAX || next.length === FIELD_BYTES_MAX) omitted.add("too_large");
    else {
      const change = changeOf(next.toString("latin1").trim());
      if (change === null) continue;
      pathsBytes += path.length;
      changes.push({ blob: change, path: path.toString("utf8") });
    }
  }
  const commit = {
    id: id.toString("latin1"),
    parents: parents.toString("latin1").split(" ").filter(Boolean),
    authoredAt: Number(at.toString("latin1")) * 1_000,
    author: author.toString("utf8"),
    message,
    changes,
    omitted,
  };
  if (!/^[0-9a-f]{40,64}$/.test(commit.id))
    throw new SourceFailed("git log: its answer is none that is known");
  return { commit, next };
}

function isRaw(field: Buffer): boolean {
  return field[0] === 0x3a || (field[0] === 0x0a && field[1] === 0x3a);
}

/** `:100644 100644 OLD NEW M`, or with a colon, a mode and an id for each parent of a merge; null where no text is left. */
function changeOf(raw: string): string | null {
  const parents = /^:+/.exec(raw)![0].length;
  const words = raw.slice(parents).split(" ");
  const mode = words[parents];
  const blob = words[2 * parents + 1];
  return mode !== undefined && blob !== undefined && HAS_TEXT.test(mode) && !/^0+$/.test(blob) ? blob : null;
}
