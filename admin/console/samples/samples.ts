import { api } from "../api.ts";
import type { Leak, LeakPage } from "../shapes.ts";

/** Sample leaks are known by their source. */
export const SAMPLE = "sample";

/** Made up, and of no provider: they open nothing anywhere. */
const SAMPLES = [
  {
    name: "Sample: key in a public repository",
    risk: 9,
    description: "Committed with a configuration file.",
    tokens: 3,
  },
  { name: "Sample: token in a build log", risk: 6, description: "Printed by a job that failed.", tokens: 1 },
  {
    name: "Sample: key in a support ticket",
    risk: 3,
    description: "A customer sent it with a screenshot.",
    tokens: 2,
  },
];

/**
 * Registers the samples, or opens again those that were removed: nobody gets six of three. Answers whether there was
 * anything to do. Throws ApiProblem.
 */
export async function loadSamples(): Promise<boolean> {
  const { leaks } = await api<LeakPage>("GET", "/leaks", { query: { source: SAMPLE, limit: 200 } });
  if (leaks.some(({ status }) => status === "opened" || status === "patched")) return false;
  const removed = leaks.filter(({ status }) => status === "marked_false").slice(0, SAMPLES.length);
  for (const { id } of removed) await api("POST", `/leaks/${id}/reopen`, { body: {} });
  if (removed.length > 0) return true;
  for (const { tokens, ...facts } of SAMPLES) {
    const made = Array.from({ length: tokens }, () => `sample-token-${crypto.randomUUID()}`);
    await api("POST", "/leaks", { body: { ...facts, source: SAMPLE, tokens: made } });
  }
  return true;
}

/** Marks the samples false: no longer open, and enforced no more. The journal keeps them, as it keeps everything. */
export async function removeSamples(): Promise<number> {
  const query = { source: SAMPLE, status: ["opened", "patched"], limit: 200 };
  const { leaks } = await api<LeakPage>("GET", "/leaks", { query });
  for (const { id } of leaks as readonly Leak[]) await api("POST", `/leaks/${id}/mark-false`, { body: {} });
  return leaks.length;
}
