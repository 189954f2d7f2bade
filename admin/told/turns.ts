/** More wait than may. */
export class TooMany extends Error {
  constructor() {
    super("too much is waiting already");
  }
}

/** So many at a time, in the order in which they come, and so many that wait. */
export class Turns {
  private readonly atOnce: number;
  private readonly waitingMax: number;
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(atOnce: number, waitingMax: number) {
    this.atOnce = atOnce;
    this.waitingMax = waitingMax;
  }

  /** Does the work once it is its turn. Rejects with TooMany, at once, and with what the work throws. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.atOnce) this.running++;
    else if (this.waiting.length >= this.waitingMax) throw new TooMany();
    else await new Promise<void>((resume) => this.waiting.push(resume));
    try {
      return await work();
    } finally {
      // The turn is handed on: whoever comes meanwhile does not get before those that wait.
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}

/** The same for each of many by itself: a network, say. Keeps nothing of those who do nothing. */
export class TurnsBy {
  private readonly atOnce: number;
  private readonly waitingMax: number;
  private readonly open = new Map<string, { readonly turns: Turns; works: number }>();

  constructor(atOnce: number, waitingMax: number) {
    this.atOnce = atOnce;
    this.waitingMax = waitingMax;
  }

  /** As `Turns.take` among those of the same name. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const own = this.open.get(name) ?? { turns: new Turns(this.atOnce, this.waitingMax), works: 0 };
    this.open.set(name, own);
    own.works++;
    try {
      return await own.turns.take(work);
    } finally {
      own.works--;
      if (own.works === 0) this.open.delete(name);
    }
  }
}
