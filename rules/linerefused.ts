/** Why a text of a list is not taken. The message names the reason and the line, never the text. */
export abstract class LineRefused extends Error {
  /** Counted from 1; null where the text came alone. */
  readonly line: number | null;

  constructor(why: string, line: number | null) {
    super(line === null ? why : `line ${line}: ${why}`);
    this.line = line;
  }
}

/** Several lines of what was given are refused. */
export class LinesRefused extends Error {
  readonly code = "LinesRefused";
  /** In the order in which they were met: list by list, line by line. */
  readonly refused: readonly LineRefused[];
  /** Whether there may be more: what came after so many was not looked at. */
  readonly isCut: boolean;

  constructor(refused: readonly LineRefused[], isCut: boolean) {
    const rest = isCut ? "; what comes after them was not looked at" : "";
    super(`${refused.length} lines are refused${rest}`);
    this.refused = refused;
    this.isCut = isCut;
  }
}

/** Collects the refusals of one or several lists, so that whoever wrote them sees all at once. */
export class LineRefusals {
  private readonly max: number;
  private readonly refused: LineRefused[] = [];

  /** `max`, 2 or more, bounds what is kept, and with `isFull` what is looked at. */
  constructor(max: number) {
    this.max = max;
  }

  /** No more is kept: the rest of the lists need not be looked at. */
  get isFull(): boolean {
    return this.refused.length >= this.max;
  }

  /** What `take` answers, or null where it throws LineRefused, which is kept. */
  collect<T>(take: () => T): T | null {
    try {
      return take();
    } catch (error) {
      if (!(error instanceof LineRefused)) throw error;
      if (!this.isFull) this.refused.push(error);
      return null;
    }
  }

  /** To be called after the last list. Throws the one LineRefused, or LinesRefused where there are several. */
  end(): void {
    const [first, second] = this.refused;
    if (second !== undefined) throw new LinesRefused(this.refused, this.isFull);
    if (first !== undefined) throw first;
  }
}
