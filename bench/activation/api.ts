import { type RunningGateway, type WorkerStatus, workersOf } from "../peers/leakgate.ts";

/** What is used here of the admin API; every call throws when it is refused. */
export class Api {
  private readonly gateway: RunningGateway;

  constructor(gateway: RunningGateway) {
    this.gateway = gateway;
  }

  /** Registers a leak of these tokens; answers its id. */
  async register(tokens: readonly string[]): Promise<string> {
    const input = { name: "made-up leak", risk: 5, tokens };
    return ((await this.post("/leaks", input)) as { id: string }).id;
  }

  /** Applies the virtual patch; resolves with the time at which the answer's head came. */
  async apply(leak: string): Promise<number> {
    const answer = await this.send(`/leaks/${leak}/vpatch`, {});
    const answeredAt = performance.now();
    await answer.arrayBuffer();
    return answeredAt;
  }

  /** Closes the leak; resolves when no worker enforces it any more. */
  async close(leak: string): Promise<void> {
    await this.post(`/leaks/${leak}/close?wait=enforced`, {});
  }

  /** Reopens the leak; resolves with the time at which the answer came. */
  async reopen(leak: string): Promise<number> {
    await this.post(`/leaks/${leak}/reopen`, {});
    return performance.now();
  }

  /** Decides without waiting for the workers. */
  async decide(leak: string, decision: "vpatch" | "close" | "reopen"): Promise<void> {
    await this.post(`/leaks/${leak}/${decision}`, {});
  }

  workers(): Promise<WorkerStatus[]> {
    return workersOf(this.gateway.adminPort, this.gateway.key);
  }

  private async post(path: string, body: unknown): Promise<unknown> {
    return (await this.send(path, body)).json();
  }

  private async send(path: string, body: unknown): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.gateway.adminPort}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.gateway.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}`);
    return answer;
  }
}
