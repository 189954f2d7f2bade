import { z } from "zod";
import type { Mark, Piece, Reader, ReadOptions } from "../source.ts";
import { NotRead } from "./failure.ts";
import { Forge, type ForgeOptions } from "./forge.ts";
import { labelOf } from "./page.ts";
import { readStream, type Stream, type StreamMark, streamMarkSchema } from "./streams.ts";

/** A repository as a host lists it: what its git needs, and what else it has. */
export interface Repository {
  /** Stays when it is renamed. */
  readonly id: string;
  /** `acme/app`. */
  readonly name: string;
  readonly url: string;
  /** For git, without user info. */
  readonly cloneUrl: string;
  /** The wiki is a git repository too; null where it has none. */
  readonly wikiCloneUrl: string | null;
  readonly isPrivate: boolean;
  readonly isFork: boolean;
  readonly isArchived: boolean;
  readonly streams: readonly Stream[];
}

/** What an address of a host leads to. */
export interface Found {
  repositories(): AsyncIterable<Repository>;
  /** What belongs to the owner itself, as gists. */
  readonly streams: readonly Stream[];
}

/** How one kind of host is talked to. */
export interface Dialect {
  readonly source: "github" | "gitlab" | "gitea";
  /** Of the API, where the operator names no other. */
  base(address: URL): URL;
  headers(token: string | null): Readonly<Record<string, string>>;
  /** An owner or a repository by its path. Rejects with NotRead where there is none. */
  find(forge: Forge, path: readonly string[]): Promise<Found>;
}

const markSchema = z.object({
  /** By id of the repository (`owner` for the owner's own), and stream. */
  places: z.record(z.string(), z.record(z.string(), streamMarkSchema)),
  /** Those that were done in a look that was stopped. */
  done: z.array(z.string()),
});

const OWNER = "owner";

/**
 * What a host's API has beside git: issues, pull requests, comments, release notes, snippets, wiki pages; of one repository,
 * or of all of an owner. Its marks hold times and ETags: a look goes on in the middle of a list.
 */
export class ForgeReader implements Reader {
  readonly source: string;
  readonly label: string;
  private readonly dialect: Dialect;
  private readonly path: readonly string[];
  private readonly options: ForgeOptions;

  constructor(
    dialect: Dialect,
    address: URL,
    options: Omit<ForgeOptions, "headers" | "base"> & { base: URL | null },
  ) {
    this.source = dialect.source;
    this.label = labelOf(address);
    this.dialect = dialect;
    this.path = address.pathname.split("/").filter((part) => part !== "");
    this.options = { ...options, base: options.base ?? dialect.base(address), headers: dialect.headers };
  }

  /** The repositories that the address leads to, with all that git needs. Rejects with SourceFailed. */
  async *repositories(options: ReadOptions): AsyncGenerator<Repository> {
    yield* (await this.dialect.find(new Forge(this.options, options), this.path)).repositories();
  }

  async *read(options: ReadOptions): AsyncGenerator<Piece> {
    const { signal } = options;
    const forge = new Forge(this.options, options);
    const course = new Course(options.mark);
    try {
      const found = await this.dialect.find(forge, this.path);
      yield* this.place(forge, OWNER, found.streams, course);
      let count = 0;
      for await (const { id, name, streams } of found.repositories()) {
        if (signal.aborted) return;
        yield { kind: "progress", done: count++, of: null, what: name };
        yield* this.place(forge, id, streams, course);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    yield { kind: "mark", mark: course.over() };
  }

  private async *place(
    forge: Forge,
    id: string,
    streams: readonly Stream[],
    course: Course,
  ): AsyncGenerator<Piece> {
    if (course.isDone(id)) return;
    for (const stream of streams) {
      const before = course.of(id, stream.name);
      try {
        for await (const piece of readStream(forge, stream, before)) {
          if (piece.kind !== "reached") yield piece;
          else yield { kind: "mark", mark: course.reach(id, stream.name, piece.mark) };
        }
      } catch (error) {
        const isPart = error instanceof NotRead && error.isLasting && error.status !== 401;
        if (!isPart || forge.read.signal.aborted) throw error;
        // Switched off there, or not for this token: others of the repository may be.
        if (error.status !== 410) yield { kind: "skipped", path: stream.label, why: error.why };
      }
      if (forge.read.signal.aborted) return;
    }
    if (streams.length > 0) yield { kind: "mark", mark: course.finish(id) };
  }
}

/** The mark as it grows. */
class Course {
  private readonly places: Map<string, Readonly<Record<string, StreamMark>>>;
  private readonly earlier: ReadonlySet<string>;
  private readonly done: Set<string>;

  constructor(mark: Mark | null) {
    const { places, done } = markSchema.safeParse(mark).data ?? { places: {}, done: [] };
    this.places = new Map(Object.entries(places));
    this.earlier = new Set(done);
    this.done = new Set(done);
  }

  isDone(id: string): boolean {
    return this.earlier.has(id);
  }

  of(id: string, stream: string): StreamMark {
    return this.places.get(id)?.[stream] ?? streamMarkSchema.parse({});
  }

  reach(id: string, stream: string, mark: StreamMark): Mark {
    this.places.set(id, { ...this.places.get(id), [stream]: mark });
    return this.mark([...this.done]);
  }

  finish(id: string): Mark {
    this.done.add(id);
    return this.mark([...this.done]);
  }

  /** The mark at the end: what is there no longer is forgotten. */
  over(): Mark {
    for (const id of this.places.keys()) if (!this.done.has(id)) this.places.delete(id);
    return this.mark([]);
  }

  private mark(done: string[]): Mark {
    return { places: Object.fromEntries(this.places), done };
  }
}
