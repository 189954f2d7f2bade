import { mkdirSync, openSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { tryLock, unlock, waitForLock } from "fs-native-extensions";
import { StoreFailed } from "./refusal.ts";

/** Runs what was asked for; neither call throws. */
interface Passer {
  readonly alone: boolean;
  readonly enter: () => Promise<void>;
  readonly fail: (error: unknown) => void;
}

/**
 * Keeps processes from opening or closing an LMDB environment while another one commits to it.
 *
 * The LMDB in lmdb-js 3.5.6 (and all before it) has ITS#9496: whoever opens an environment writes the number of the
 * transaction that it found a moment ago into the shared lock file. A commit in between is undone by that: the next
 * writer begins before it, and the list of free pages falls apart. And who closes as the last one destroys mutexes
 * that another may just be opening. So commits share this gate, and who opens or closes has it alone.
 *
 * It is two files under locks of the kernel (fcntl's open file description locks on Linux), which a killed process
 * does not keep: `gate.hold` is held while inside, `gate.turn` while waiting for it, so that commits that follow one
 * another never keep an opener out. A gate stays open as long as its process.
 */
export class Gate {
  private static readonly known = new Map<string, Gate>();
  private readonly turn: number;
  private readonly hold: number;
  private waiting: Passer[] = [];
  private isServing = false;

  private constructor(folder: string) {
    // Not through a stream: the descriptors live as long as the process.
    this.turn = openSync(join(folder, "gate.turn"), "a+", 0o600);
    this.hold = openSync(join(folder, "gate.hold"), "a+", 0o600);
  }

  /** The one gate of this process for the folder, which is made (0700) where it is absent. Throws StoreFailed. */
  static of(folder: string): Gate {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const real = realpathSync(folder);
      const known = Gate.known.get(real);
      if (known !== undefined) return known;
      const gate = new Gate(real);
      Gate.known.set(real, gate);
      return gate;
    } catch (error) {
      throw new StoreFailed(`open the gate of ${folder}`, error);
    }
  }

  /** Runs work that commits: beside that of other processes, but while none opens or closes. */
  share<T>(work: () => T | Promise<T>): Promise<T> {
    return this.pass(work, false);
  }

  /** Runs work that opens or closes an environment, or removes its files: alone among the processes. */
  alone<T>(work: () => T | Promise<T>): Promise<T> {
    return this.pass(work, true);
  }

  /**
   * What one process asks for while an earlier group is inside goes in as one group, in its order, so that commits
   * share a sync; the gate is left when all of it has settled. Work that throws rejects alone. Never wait for a pass
   * from within another.
   */
  private pass<T>(work: () => T | Promise<T>, alone: boolean): Promise<T> {
    const passed = new Promise<T>((resolve, reject) => {
      const enter = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      this.waiting.push({ alone, enter, fail: reject });
    });
    if (!this.isServing) void this.serve();
    return passed;
  }

  private async serve(): Promise<void> {
    this.isServing = true;
    // What is asked for in one turn of the event loop goes in together from the start.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.lock(!group.some(({ alone }) => alone));
      } catch (error) {
        for (const { fail } of group) fail(new StoreFailed("wait for other processes", error));
        continue;
      }
      await Promise.all(group.map(({ enter }) => enter()));
      unlock(this.hold);
    }
    this.isServing = false;
  }

  /** Waits off the thread, and only where somebody is in the way. */
  private async lock(shared: boolean): Promise<void> {
    if (!tryLock(this.turn, { shared })) await waitForLock(this.turn, { shared });
    try {
      if (!tryLock(this.hold, { shared })) await waitForLock(this.hold, { shared });
    } finally {
      unlock(this.turn);
    }
  }
}
