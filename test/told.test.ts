import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GatewayProcess } from "./process.ts";
import { plainUpstream, type RawUpstream, temporaryFolder, until } from "./support.ts";

const SIGNING = `whsec_${Buffer.from("made-up-signing-secret-0001").toString("base64")}`;
/** Requests that are under way all the while. */
const LOAD = 8;
/** Of a machine that does much else; docs/intake.md has the figure. */
const WITHIN_MS = 15_000;

let folder: ReturnType<typeof temporaryFolder>;
let upstream: RawUpstream;
let gateway: GatewayProcess;
beforeAll(async () => {
  folder = temporaryFolder();
  upstream = await plainUpstream();
  const [secretFile, config] = [join(folder.path, "signing"), join(folder.path, "leakgate.yaml")];
  writeFileSync(secretFile, SIGNING);
  writeFileSync(config, JSON.stringify({ intake: { listen: "127.0.0.1:0", generic: [{ secretFile }] } }));
  const data = join(folder.path, "data");
  gateway = await GatewayProcess.start({ upstream: upstream.url, data, args: ["--config", config] });
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  folder.remove();
});

test("a token is stopped within moments of the webhook that tells of it, while requests come", async () => {
  const { status } = await gateway.call("/intake/policies", { source: "made-up" });
  expect(status).toBe(201);
  const [line] = gateway.logged("the intake is listening");
  const url = `http://127.0.0.1:${String(line?.port)}/intake/generic`;
  // The client's own first call takes long, and is not what is measured.
  expect((await fetch(url)).status).toBe(405);
  let isOver = false;
  const load = Array.from({ length: LOAD }, async () => {
    while (!isOver) expect((await gateway.get("made-up-token-0009")).status).toBe(200);
  });
  const took: number[] = [];
  for (let index = 0; index < 5; index++) {
    const token = `made-up-told-000${index}`;
    expect((await gateway.get(token)).status).toBe(200);
    const body = JSON.stringify({ findings: [{ token, sighting: { source: "made-up", path: "x.env" } }] });
    const at = new Date();
    const began = performance.now();
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": `msg_${index}`,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
        "webhook-signature": new Webhook(SIGNING).sign(`msg_${index}`, at, body),
      },
      body,
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ leaks: 1, patched: 1 }),
    ]);
    await until("it is stopped", async () => (await gateway.get(token)).status === 403, WITHIN_MS);
    took.push(performance.now() - began);
  }
  isOver = true;
  await Promise.all(load);
  expect(Math.max(...took)).toBeLessThan(WITHIN_MS);
  expect(gateway.out + gateway.err).not.toMatch(/made-up-(?:told|signing)/);
}, 120_000);
