/** Work that comes again every so often, one round after the other, for as long as it is not closed. */
export class Rounds {
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #underWay: Promise<void> = Promise.resolve();

  /** `work` never rejects; its signal is aborted by `close`. With `atOnce` the first round is now. */
  constructor(work: (signal: AbortSignal) => Promise<void>, everyMs: number, atOnce: boolean) {
    const round = () => {
      this.#underWay = this.#underWay.then(() => work(this.#closing.signal));
    };
    if (atOnce) round();
    this.#timer = setInterval(round, everyMs);
    this.#timer.unref();
  }

  /** Resolves when nothing is being done any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#underWay;
  }
}
