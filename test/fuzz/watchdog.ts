import { Worker } from "node:worker_threads";

/** Seconds without a sign of life after which the process is taken to hang in a loop. */
const SILENCE_S = 20;

/** Runs beside the event loop, so that a loop without an end is seen: tells the input, then ends the process. */
const PROGRAM = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const [beat, length] = [new Int32Array(workerData, 0, 1), new Int32Array(workerData, 4, 1)];
let last = -1;
setInterval(() => {
  if (beat[0] !== last) { last = beat[0]; return; }
  const input = Buffer.from(workerData, 8, length[0]).toString("base64");
  writeSync(2, "the gateway hangs; the input in base64: " + input + "\\n");
  process.kill(process.pid, "SIGKILL");
}, ${SILENCE_S * 1000});
`;

/** Ends the process when it hangs in a loop, after saying with which input. */
export class Watchdog {
  private readonly shared = new SharedArrayBuffer(8 + 64 * 1024);
  private readonly counts = new Int32Array(this.shared, 0, 2);
  private readonly worker = new Worker(PROGRAM, { eval: true, workerData: this.shared });

  /** A sign of life, before this input is sent. */
  beat(input: Buffer): void {
    input.copy(Buffer.from(this.shared, 8));
    this.counts[1] = input.length;
    this.counts[0]!++;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
