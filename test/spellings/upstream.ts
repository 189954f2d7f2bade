import { RawUpstream, type Seen } from "../support.ts";
import { type Received, StrictReader } from "./strict.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** An upstream that reads strictly, remembers requests by their `X-Case`, and answers 200 to each whole one. */
export class StrictUpstream {
  /** What was wrong with the bytes it got; empty as long as the gateway writes what everybody reads alike. */
  readonly complaints: string[] = [];
  private readonly requests = new Map<string, Received>();
  private readonly raw: RawUpstream;

  private constructor(raw: RawUpstream) {
    this.raw = raw;
  }

  static async start(): Promise<StrictUpstream> {
    const readers = new WeakMap<Seen, StrictReader>();
    const raw = await RawUpstream.start((connection, chunk) => {
      let reader = readers.get(connection);
      if (reader === undefined) {
        reader = upstream.reader(connection);
        readers.set(connection, reader);
      }
      try {
        reader.push(chunk);
      } catch (error) {
        upstream.complaints.push((error as Error).message);
        connection.socket.destroy();
      }
    }, false);
    const upstream = new StrictUpstream(raw);
    return upstream;
  }

  get url(): string {
    return this.raw.url;
  }

  /** What came of the request with this id, if anything did. */
  of(id: string): Received | undefined {
    return this.requests.get(id);
  }

  forget(id: string): void {
    this.requests.delete(id);
  }

  close(): Promise<void> {
    return this.raw.close();
  }

  private reader(connection: Seen): StrictReader {
    return new StrictReader(
      (request) => {
        const [, id] = request.fields.find(([name]) => name === "X-Case") ?? [];
        if (id === undefined) this.complaints.push(`a request without X-Case: ${request.target}`);
        else if (this.requests.has(id)) this.complaints.push(`the request ${id} came twice`);
        else this.requests.set(id, request);
      },
      () => connection.socket.write(ANSWER),
    );
  }
}
