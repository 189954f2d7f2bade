import { connect } from "node:net";
import { TestGateway } from "../support.ts";
import { type Backend, KINDS, startBackend } from "./backends.ts";
import { type Spelling, TOKENS } from "./request.ts";

/** A backend that has not answered by then does not: it waits for more, or hangs. */
const ANSWER_MS = 10_000;
/** Requests at a time to one backend. */
const AT_ONCE = 4;

/** What a backend made of a request: it read the token, it did not, or it would not take the request. */
export type Reading = "reads" | "does not" | "refuses";

/** One spelling at one backend. */
export interface Cell {
  readonly backend: string;
  readonly reading: Reading;
  /** The gateway's own status for the token; 0 where the request went through it. */
  readonly status: number;
  /** The same for the twin. */
  readonly twinStatus: number;
  /** Whether the backend behind the gateway read the twin. */
  readonly twinRead: boolean;
}

/** One spelling at all backends. */
export interface Row {
  readonly spelling: Spelling;
  readonly cells: readonly Cell[];
}

/** Whether some backend reads the token and the gateway lets it through. */
export function passesWrongly(spelling: Spelling, { reading, status }: Cell): boolean {
  return reading === "reads" && status !== 403 && status !== spelling.refused;
}

/** Whether the gateway keeps the twin from a backend that would read it, and not for how the request is written. */
export function losesTwin(spelling: Spelling, { reading, twinStatus, twinRead }: Cell): boolean {
  const isRefused = twinStatus !== 0 && twinStatus === spelling.refused;
  return reading === "reads" && !twinRead && !isRefused;
}

/** Backends that run, each with a gateway before it that blocks the made-up tokens. */
export class Backends {
  readonly backends: readonly Backend[];
  readonly absent: readonly string[];
  private readonly gateways: ReadonlyMap<Backend, TestGateway>;

  private constructor(backends: readonly Backend[], gateways: ReadonlyMap<Backend, TestGateway>) {
    this.backends = backends;
    this.gateways = gateways;
    this.absent = KINDS.map(({ name }) => name).filter((name) =>
      backends.every((each) => each.name !== name),
    );
  }

  static async start(): Promise<Backends> {
    const sorts = Object.values(TOKENS);
    const wanted = sorts.flatMap(({ token, twin }) => [token, twin]);
    const started = await Promise.allSettled(KINDS.map((kind) => startBackend(kind, wanted)));
    const backends = started.flatMap((each) => (each.status === "fulfilled" ? (each.value ?? []) : []));
    const failed = started.find((each) => each.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(backends.map((backend) => backend.stop()));
      throw failed.reason;
    }
    const gateways = new Map<Backend, TestGateway>();
    for (const backend of backends) {
      const gateway = await TestGateway.start(backend);
      await gateway.leak(...sorts.map(({ token }) => token));
      gateways.set(backend, gateway);
    }
    return new Backends(backends, gateways);
  }

  /** Sends every spelling to every backend, directly and through its gateway. */
  async measure(spellings: readonly Spelling[]): Promise<Row[]> {
    const columns = await Promise.all(this.backends.map((backend) => this.column(backend, spellings)));
    return spellings.map((spelling, index) => ({ spelling, cells: columns.map((cells) => cells[index]!) }));
  }

  private async column(backend: Backend, spellings: readonly Spelling[]): Promise<Cell[]> {
    const cells: Cell[] = [];
    let next = 0;
    const work = async () => {
      for (let index = next++; index < spellings.length; index = next++)
        cells[index] = await this.cell(backend, spellings[index]!);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return cells;
  }

  private async cell(backend: Backend, spelling: Spelling): Promise<Cell> {
    const { token, twin } = TOKENS[spelling.sort ?? "plain"];
    const { port } = this.gateways.get(backend)!;
    const direct = await send(backend.port, spelling.request(token));
    const reading = direct.found.includes(token) ? "reads" : direct.isTaken ? "does not" : "refuses";
    const sent = await send(port, spelling.request(token));
    // A request that no backend reads has no twin to lose.
    const sentTwin = reading === "reads" ? await send(port, spelling.request(twin)) : sent;
    return {
      backend: backend.name,
      reading,
      status: sent.localStatus,
      twinStatus: sentTwin.localStatus,
      twinRead: sentTwin.found.includes(twin),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.gateways.values()].map((gateway) => gateway.close()));
    await Promise.all(this.backends.map((backend) => backend.stop()));
  }
}

interface Sent {
  /** The wanted tokens that the backend read. */
  readonly found: readonly string[];
  readonly isTaken: boolean;
  /** The status where the gateway answered, not the backend; else 0. */
  readonly localStatus: number;
}

/** Sends the bytes on a connection of their own; the answer ends with the connection. */
function send(port: number, bytes: Buffer): Promise<Sent> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const pieces: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(readAnswer(Buffer.concat(pieces).toString("latin1")));
    });
    socket.write(bytes);
  });
}

function readAnswer(text: string): Sent {
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1] ?? 0);
  const found = status === 200 ? /"found": ?(\[[^\]]*\])/.exec(text) : null;
  return {
    found: found === null ? [] : (JSON.parse(found[1]!) as string[]),
    isTaken: found !== null,
    localStatus: text.includes('"urn:leakgate:') ? status : 0,
  };
}
