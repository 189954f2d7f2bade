import { type Encoding, encodingOf, Narrowing, SNIFFED_BYTES } from "./encoding.ts";
import { type Finding, findingsOf, type Stretch } from "./finding.ts";
import type { InventoryLook } from "./inventory.ts";
import { Lines } from "./lines.ts";
import { AFTER_BYTES, BEFORE_BYTES, CORE_BYTES, Window } from "./window.ts";

/** What looks at one window; `Detector` is that. */
export interface Search {
  stretchesIn(window: Window, path: string, commit: string | null): Stretch[];
  look(): InventoryLook | null;
  readonly skipsBinary: boolean;
}

/**
 * The search of one blob that comes in pieces, however large: what is held is a window and what stands around it, about
 * 300 KiB beside the piece. Every place is looked at once; a token across pieces is found like any other.
 */
export class Scanning {
  /** Null until enough has come to tell. */
  encoding: Encoding | null = null;
  private readonly search: Search;
  private readonly path: string;
  private readonly commit: string | null;
  private readonly look: InventoryLook | null;
  private narrowing: Narrowing | null = null;
  /** What was taken and may be needed again; `from` is the first byte in which findings were not looked for. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private base = 0;
  private from = 0;
  private lines = new Lines(0);

  constructor(search: Search, path: string, commit: string | null) {
    this.search = search;
    this.path = path;
    this.commit = commit;
    this.look = search.look();
  }

  /** A blob with NUL bytes that is not looked at, since the detector skips such. */
  get isSkipped(): boolean {
    return this.encoding === "binary" && this.search.skipsBinary;
  }

  /** The findings that these bytes complete. */
  write(bytes: Buffer): Finding[] {
    return this.take(bytes, false);
  }

  /** The blob has ended, with these bytes. */
  end(bytes: Buffer = Buffer.alloc(0)): Finding[] {
    return this.take(bytes, true);
  }

  private take(bytes: Buffer, isEnd: boolean): Finding[] {
    if (this.isSkipped) return [];
    const fresh = this.narrowing?.narrow(bytes) ?? bytes;
    // A copy where the piece is not used up at once: whoever gave it may write over it.
    this.held.push(isEnd ? fresh : Buffer.from(fresh));
    this.heldBytes += fresh.length;
    const enough = this.encoding === null ? SNIFFED_BYTES : this.from - this.base + CORE_BYTES + AFTER_BYTES;
    if (!isEnd && this.heldBytes < enough) return [];
    let all = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
    if (this.encoding === null) all = this.begin(all);
    if (this.isSkipped) {
      this.hold(Buffer.alloc(0));
      return [];
    }
    return this.scaled(this.windows(all, isEnd));
  }

  private hold(bytes: Buffer): void {
    this.held = [bytes];
    this.heldBytes = bytes.length;
  }

  private begin(bytes: Buffer): Buffer {
    this.encoding = encodingOf(bytes);
    if (this.encoding === "utf16le" || this.encoding === "utf16be") {
      this.narrowing = new Narrowing(this.encoding);
      const hasMark = bytes[0]! >= 0xfe;
      this.lines = new Lines(hasMark ? 1 : 0);
      return this.narrowing.narrow(bytes);
    }
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.lines = new Lines(hasMark ? 3 : 0);
    return bytes;
  }

  private windows(bytes: Buffer, isEnd: boolean): Finding[] {
    const found: Finding[] = [];
    const { base } = this;
    const positionOf = (place: number) => this.lines.at(bytes, base, place);
    while (this.from - base < bytes.length) {
      const from = this.from - base;
      if (!isEnd && bytes.length - from < CORE_BYTES + AFTER_BYTES) break;
      const to = Math.min(from + CORE_BYTES, bytes.length);
      const start = Math.max(0, from - BEFORE_BYTES);
      const around = bytes.subarray(start, Math.min(to + AFTER_BYTES, bytes.length));
      const window = new Window(around, base + start, from - start, to - start);
      const isLast = isEnd && to === bytes.length;
      found.push(...findingsOf(this.stretchesIn(window, isLast), window, positionOf));
      this.from = base + to;
    }
    const keep = Math.max(0, this.from - base - BEFORE_BYTES);
    // Of what is let go the lines are counted.
    if (!isEnd) positionOf(base + keep);
    // A copy: what came before need not be held for it.
    this.hold(isEnd ? Buffer.alloc(0) : Buffer.from(bytes.subarray(keep)));
    this.base = base + keep;
    return found;
  }

  private stretchesIn(window: Window, isLast: boolean): Stretch[] {
    const stretches = this.search.stretchesIn(window, this.path, this.commit);
    if (this.look === null) return stretches;
    this.look.take(window, isLast);
    for (const { name, start, end } of this.look.before(window.base + window.to))
      stretches.push({
        source: "inventory",
        rule: "inventory",
        kind: null,
        risk: null,
        name,
        start: start - window.base,
        end: end - window.base,
      });
    return stretches;
  }

  /** Places in a blob of UTF-16 count its own bytes. */
  private scaled(found: Finding[]): Finding[] {
    if (this.narrowing === null) return found;
    return found.map((each) => ({ ...each, start: each.start * 2, end: each.end * 2 }));
  }
}
