import {
  defaultLimits,
  type Mark,
  type Place,
  type Reader,
  type ScanLimits,
  type SourceFailed,
} from "../../admin/scan/source.ts";

/** What a look at a source gave. */
export interface Gathered {
  /** By path; what has the same one, line under line. */
  readonly texts: Map<string, string>;
  readonly places: Map<string, Place>;
  /** `path: why` */
  readonly skipped: string[];
  readonly marks: Mark[];
  /** The mark of the end, or the last one before it failed; the one it began with where there was none. */
  readonly mark: Mark | null;
  readonly error: SourceFailed | null;
}

/** Reads a source as the engine does: each text before the next piece. */
export async function gather(
  reader: Reader,
  options: { mark?: Mark | null; limits?: Partial<ScanLimits>; signal?: AbortSignal } = {},
): Promise<Gathered> {
  const texts = new Map<string, string>();
  const places = new Map<string, Place>();
  const skipped: string[] = [];
  const marks: Mark[] = [];
  const signal = options.signal ?? new AbortController().signal;
  const mark = options.mark ?? null;
  let error: SourceFailed | null = null;
  try {
    // As the store keeps it.
    const kept = mark === null ? null : (JSON.parse(JSON.stringify(mark)) as Mark);
    for await (const piece of reader.read({
      mark: kept,
      limits: { ...defaultLimits, ...options.limits },
      signal,
    })) {
      if (piece.kind === "mark") marks.push(piece.mark);
      if (piece.kind === "skipped") skipped.push(`${piece.path}: ${piece.why}`);
      if (piece.kind !== "text") continue;
      const parts: Buffer[] = [];
      if (Buffer.isBuffer(piece.bytes)) parts.push(piece.bytes);
      else for await (const part of piece.bytes) parts.push(part);
      const before = texts.get(piece.path);
      const text = Buffer.concat(parts).toString();
      texts.set(piece.path, before === undefined ? text : `${before}\n${text}`);
      places.set(piece.path, piece.place);
    }
  } catch (failure) {
    error = failure as SourceFailed;
  }
  return { texts, places, skipped, marks, mark: marks.at(-1) ?? mark, error };
}
