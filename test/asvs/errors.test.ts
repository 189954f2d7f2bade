import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type AdminSettings, type Json, TestAdmin } from "../admin.ts";
import { GatewayProcess } from "../process.ts";
import { plainUpstream, temporaryFolder, until } from "../support.ts";
import { spoil } from "./answers.ts";

/* OWASP ASVS 5.0.0, V16.5 Error Handling; each requirement is quoted, shortened, above its test. */

const LEAKS = "/api/v1/leaks";

let admin: TestAdmin | null = null;
afterEach(async () => {
  await admin?.stop();
  admin = null;
});
const start = async (settings?: AdminSettings): Promise<TestAdmin> => {
  admin = await TestAdmin.start(settings);
  return admin;
};

/** A leak whose record a fault has torn: whoever reads it meets an error that nobody foresaw. */
async function tornLeak(of: TestAdmin): Promise<string> {
  const id = await of.register("made-up-token-0001");
  await spoil(of, "leaks", Number(id.split("-")[1]), (stored) => ({ ...stored, leak: { id } }));
  return id;
}

/* "Verify that a generic message is returned to the consumer when an unexpected or security-sensitive error occurs,
 * ensuring no exposure of sensitive internal system data such as stack traces, queries, secret keys, and tokens." */
test("ASVS 16.5.1: an error that nobody foresaw is answered in general words, and told in the log under the same id", async () => {
  const torn = await start();
  const id = await tornLeak(torn);
  const answer = await torn.call("GET", `${LEAKS}/${id}`);
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({
    type: "urn:leakgate:admin:internal-server-error",
    title: "Internal Server Error",
    status: 500,
    detail: "The call failed; the log of the admin process says why under this request id.",
    requestId: answer.headers.get("x-request-id"),
  });
  const line = torn.log.map((each) => JSON.parse(each) as Json).find(({ level }) => level === 50);
  expect(line).toMatchObject({ requestId: answer.body.requestId, stack: expect.stringContaining(" at ") });
  expect(torn.log.join("")).not.toContain("made-up");
  // Nor does a refusal to let somebody in say which part of it was wrong.
  const [wrong, revoked] = ["lgk_made-up", (await torn.keyOf("analyst")).clear];
  await torn.hands(({ default: { store } }) => store.revokeKey("system", "key-3"));
  const texts = await Promise.all(
    [wrong, revoked].map(async (key) => (await torn.call("GET", LEAKS, { key })).body.detail),
  );
  expect(new Set(texts).size).toBe(1);
});

/* "Verify that the application continues to operate securely when external resource access fails, for example, by using
 * patterns such as circuit breakers or graceful degradation." */
test("ASVS 16.5.2: without its workers, or its provider of identities, the admin goes on, and lets nobody in for it", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const alone = await start({
    config: {
      publicUrl: "https://leakgate.example",
      oidc: { issuer: `http://127.0.0.1:${port}`, clientId: "leakgate", allowInsecureIssuer: true },
    },
  });
  const login = await alone.call("GET", "/auth/oidc/login", { key: null });
  expect([502, 503]).toContain(login.status);
  expect(login.headers.getSetCookie().filter((cookie) => cookie.startsWith("__Host-leakgate="))).toEqual([]);
  const callback = await alone.call("GET", "/auth/oidc/callback?code=made-up&state=made-up", { key: null });
  expect(callback.status).toBeGreaterThanOrEqual(400);
  expect((await alone.call("GET", LEAKS)).status).toBe(200);
  // Nobody enforces: the decision is kept, and the answer says that it is not in force.
  const id = await alone.register("made-up-token-0001");
  const applied = await alone.call("POST", `${LEAKS}/${id}/vpatch?wait=enforced`);
  expect(applied).toMatchObject({
    status: 202,
    body: { status: "patched", enforcement: { enforced: false } },
  });
  expect((await alone.call("GET", "/readyz", { key: null })).status).toBe(503);
});

/* "Verify that the application fails gracefully and securely, including when an exception occurs, preventing fail-open
 * conditions such as processing a transaction despite errors resulting from validation logic." */
test("ASVS 16.5.3: what fails changes nothing and opens nothing", async () => {
  const torn = await start();
  const revision = () => torn.hands(async ({ default: { store } }) => store.revision());
  const id = await tornLeak(torn);
  const before = await revision();
  // An exception amid a change takes all of it back; one wrong token of many registers none.
  for (const decision of ["vpatch", "close", "mark-false"])
    expect((await torn.call("POST", `${LEAKS}/${id}/${decision}`)).status).toBeGreaterThanOrEqual(400);
  const tokens = ["made-up-token-0002", "made-up-token-0003", "short"];
  expect((await torn.call("POST", LEAKS, { body: { name: "x", risk: 5, tokens } })).status).toBe(400);
  const broken = await torn.call("POST", LEAKS, {
    body: '{"name":"x","risk":5,"tokens":["made-up-token-0004"',
  });
  expect(broken.status).toBe(400);
  expect(await revision()).toBe(before);
  // A key whose record cannot be made sense of lets nobody in, and takes nothing from the other keys.
  for (const record of [{ digest: "" }, { digest: "00" }, { digest: null }, { role: null }, { role: {} }]) {
    const { id: key, clear } = await torn.keyOf("administrator");
    const look = () => torn.call("GET", "/api/v1/session", { key: clear });
    expect((await look()).status).toBe(200);
    await spoil(torn, "keys", Number(key.split("-")[1]), (stored) => ({ ...stored, ...record }));
    const { status, text } = await look();
    expect([record, status >= 400, text.includes("administrator")]).toEqual([record, true, false]);
    const changed = await torn.call("POST", `${LEAKS}/${id}/close`, { key: clear });
    expect(changed.status).toBeGreaterThanOrEqual(400);
  }
  expect((await torn.call("GET", "/api/v1/session", { key: torn.analyst })).status).toBe(200);
});

/* "Verify that a "last resort" error handler is defined which will catch all unhandled exceptions. This is both to avoid
 * losing error details that must go to log files and to ensure that an error does not take down the entire application
 * process, leading to a loss of availability." */
test("ASVS 16.5.4: an error that nobody caught is a line of the log, and traffic and admin go on", async () => {
  // Within a call: the process lives on.
  const torn = await start();
  const id = await tornLeak(torn);
  for (let call = 0; call < 20; call++) expect((await torn.call("GET", `${LEAKS}/${id}`)).status).toBe(500);
  expect((await torn.call("GET", "/healthz")).status).toBe(200);
  expect(torn.log.filter((line) => line.includes('"msg":"an admin call failed"'))).toHaveLength(20);

  // Outside of any: the process ends, is started again, and the traffic does not notice.
  const [folder, upstream] = [temporaryFolder(), await plainUpstream()];
  const fail = "process.on('SIGUSR2', () => { throw new Error('a failure of the test'); });";
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(fail)}`;
  const options = { upstream: upstream.url, data: join(folder.path, "data") };
  const gateway = await GatewayProcess.start(options).finally(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
  try {
    const pid = await gateway.adminPid();
    process.kill(pid, "SIGUSR2");
    const told = () => gateway.logged("the process ends by an error that nobody caught");
    await until("the error is a line of the log", () => told().length > 0);
    expect(told()[0]).toMatchObject({
      level: 60,
      pid,
      reason: "a failure of the test",
      stack: expect.stringContaining(" at "),
    });
    expect((await gateway.get()).status).toBe(200);
    await until(
      "the admin answers again",
      async () => {
        const status = await gateway.call("/status").then(
          (answer) => answer.status,
          () => 0,
        );
        return status === 200;
      },
      30_000,
    );
    expect(await gateway.adminPid()).not.toBe(pid);
  } finally {
    await gateway.stop();
    await upstream.close();
    folder.remove();
  }
});
