import { readFileSync } from "node:fs";

/** dist/cli/version.js -> package.json */
const packageFile = new URL("../../package.json", import.meta.url);

export const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { readonly version: string };
