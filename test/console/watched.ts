import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GatewayProcess } from "../process.ts";
import { until } from "../support.ts";

const TOKEN = "acme_q7x2k9w4m1z8v5t3r6p";

/** The same at each run, as it stands in the pictures. */
export const code = join(tmpdir(), "acme-code");

/** Writes the folder to watch, and into another the configuration that lets it be watched; answers that one's path. */
export function makeWatched(folder: string): string {
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, "deploy.env"), `DEPLOY_TOKEN=${TOKEN}\n`);
  writeFileSync(join(code, "readme.md"), "How to deploy\n");
  const formats = [{ name: "acme", prefix: "acme_", pattern: "[a-z0-9]{19}" }];
  const config = join(folder, "leakgate.yaml");
  writeFileSync(config, JSON.stringify({ scan: { paths: [code], formats } }));
  return config;
}

/** Watched sources as a team has them: one that was read, one that cannot be, one that is off; live tokens; a policy. */
export async function makeSources(gateway: GatewayProcess): Promise<void> {
  const sources = [
    { kind: "folder", address: code, schedule: "@hourly" },
    { kind: "git", address: code },
    { kind: "feed", address: "https://pastes.example/new.xml", enabled: false },
  ];
  const ids: string[] = [];
  for (const source of sources) {
    const { status, body } = await gateway.call<{ id: string }>("/sources", source);
    if (status !== 201) throw new Error(`could not watch: ${JSON.stringify(body)}`);
    ids.push(body.id);
  }
  await until("the sources were looked at", async () => {
    const states = await Promise.all(
      ids
        .slice(0, 2)
        .map((id) => gateway.call<{ lastRunAt: string | null; state: string }>(`/sources/${id}`)),
    );
    return states.every(({ body }) => body.lastRunAt !== null && body.state !== "running");
  });
  await gateway.call("/inventory", {
    name: "billing",
    tokens: ["made-up-and-live-0001", "made-up-and-live-0002"],
  });
  await gateway.call("/inventory", { name: "partner-portal", tokens: ["made-up-and-live-0003"] });
  await gateway.call("/intake/policies", { source: "github", verified: true });
}
