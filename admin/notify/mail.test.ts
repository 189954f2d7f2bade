import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HookTrigger } from "../../rules/hook.ts";
import { Desk, noon } from "../../test/notify.ts";
import { MailServer } from "../../test/receivers.ts";
import { temporaryFolder } from "../../test/support.ts";

const newLeak: HookTrigger = { type: "new_leak", riskMin: 1 };

let server: MailServer;
let desk: Desk;
const folder = temporaryFolder();

beforeEach(async () => {
  server = await MailServer.start();
});
afterEach(async () => {
  await desk.stop();
  await server.stop();
});

async function open(more: object = {}): Promise<void> {
  const smtp = {
    host: "127.0.0.1",
    port: server.port,
    insecure: true,
    from: "leakgate@made-up.example",
    ...more,
  };
  desk = await Desk.open({ retrySeconds: [5] }, smtp);
}

test("mail is plain text, to all recipients, and says that a machine wrote it", async () => {
  const passwordFile = join(folder.path, "password");
  writeFileSync(passwordFile, "made-up-password\n");
  await open({ user: "leakgate", passwordFile });
  const to = ["ann@made-up.example", "bob@made-up.example"];
  const hook = await desk.destination({ kind: "email", to }, null, [newLeak]);
  await desk.register(9, "CI log");
  await desk.look();
  const [mail] = server.got;
  expect([mail!.from, mail!.to]).toEqual(["leakgate@made-up.example", to]);
  expect(mail!.raw).toContain("Subject: [Leakgate] New leak leak-1 (CI log)");
  expect(mail!.raw).toMatch(/^Content-Type: text\/plain/m);
  expect(mail!.raw).toMatch(/^Auto-Submitted: auto-generated/im);
  expect(mail!.raw).toMatch(
    new RegExp(`^Message-ID: <${desk.deliveries(hook)[0]!.messageId}@leakgate>`, "m"),
  );
  expect(mail!.raw).toContain("Risk: 9 (high)");
  expect(desk.deliveries(hook)).toMatchObject([{ status: "delivered", lastStatus: 250 }]);
  expect(desk.log.join()).not.toContain("made-up-password");
});

test("a name writes no header and adds no recipient", async () => {
  await open();
  await desk.destination({ kind: "email", to: ["ann@made-up.example"] }, null, [newLeak]);
  const name = "x\u2028Bcc: evil@evil.example, <evil@evil.example> =?utf-8?q?=0ABcc:_e@evil.example?=";
  await desk.register(9, name);
  await desk.look();
  const [head] = server.got[0]!.raw.split("\r\n\r\n");
  expect(server.got[0]!.to).toEqual(["ann@made-up.example"]);
  expect(head!.split("\r\n").filter((line) => /^(?:Bcc|Cc)/i.test(line))).toEqual([]);
  await expect(desk.register(9, "x\r\nBcc: evil@evil.example")).rejects.toThrow(/control characters/);
});

test.each([
  "evil@evil.example\r\nBcc: b@evil.example",
  "a@b.example, c@d.example",
  "Ann <a@b.example>",
  '"a b"@b.example',
  "a@b.example>",
  "@b.example",
  "a@",
])("%j is no recipient", async (address) => {
  await open();
  const destination = desk.destination({ kind: "email", to: [address] }, null, [newLeak]);
  await expect(destination).rejects.toThrow(/is not an e-mail address/);
});

test("what the server refuses for good is not tried again; what it may take later is", async () => {
  await open();
  const refused = await desk.destination({ kind: "email", to: ["a@refused.example"] }, null, [newLeak]);
  const some = ["a@refused.example", "ann@made-up.example"];
  const partly = await desk.destination({ kind: "email", to: some }, null, [newLeak]);
  await desk.register();
  await desk.look();
  expect(desk.deliveries(refused)).toMatchObject([{ status: "dead", attempts: 1, lastStatus: 550 }]);
  expect(desk.deliveries(refused)[0]!.lastError).toBe(
    "the mail server did not take it (EENVELOPE, reply 550)",
  );
  expect(desk.deliveries(partly)).toMatchObject([{ status: "delivered" }]);
  await server.stop();
  await desk.register();
  await desk.look(noon + 1);
  expect(desk.deliveries(partly)[0]).toMatchObject({ status: "queued", lastStatus: null });
  server = await MailServer.start();
});

test("without TLS nothing is sent unless that is configured", async () => {
  await open({ insecure: false });
  const hook = await desk.destination({ kind: "email", to: ["ann@made-up.example"] }, null, [newLeak]);
  await desk.register();
  await desk.look();
  expect(server.got).toEqual([]);
  expect(desk.deliveries(hook)).toMatchObject([{ status: "queued" }]);
});

test("a password that cannot be read keeps the admin from starting", async () => {
  await open();
  const smtp = {
    user: "leakgate",
    passwordFile: join(folder.path, "absent"),
    host: "127.0.0.1",
    from: "a@b.example",
  };
  await expect(Desk.open({}, smtp)).rejects.toThrow(/could not read admin.smtp.passwordFile/);
});
