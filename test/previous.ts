import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** A data folder as the version with schema 1 left it: leaks in every status, rules, keys, one of them revoked. */
const FIXTURE = fileURLToPath(new URL("fixtures/schema-1", import.meta.url));

/** Unpacks it into a folder that is not there yet; answers the administrator's key (made up, under a made-up pepper). */
export function previousFolder(data: string): { readonly administrator: string } {
  mkdirSync(join(data, "rules"), { recursive: true, mode: 0o700 });
  writeFileSync(join(data, "pepper"), readFileSync(join(FIXTURE, "pepper")), { mode: 0o600 });
  const packed = readFileSync(join(FIXTURE, "data.mdb.gz"));
  writeFileSync(join(data, "rules", "data.mdb"), gunzipSync(packed), { mode: 0o600 });
  return { administrator: readFileSync(join(FIXTURE, "administrator-key"), "utf8").trim() };
}
