// Runs at `npm ci` and `npm install`: builds, so that no second command is needed before `npm start`.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const compiler = new URL("../node_modules/typescript/bin/tsc", import.meta.url);
if (existsSync(compiler)) {
  const built = spawnSync(process.execPath, [compiler.pathname, "-p", "tsconfig.build.json"], {
    stdio: "inherit",
  });
  process.exit(built.status ?? 1);
}
if (!existsSync(new URL("../dist/cli/main.js", import.meta.url))) {
  console.error("leakgate is not built and the compiler is not installed. Run: npm ci --include=dev");
  process.exit(1);
}
