// Runs at `npm ci` and `npm install`: builds, so that no second command is needed before `npm start`.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const steps = [
  [pathOf("node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  [
    pathOf("node_modules/vite/bin/vite.js"),
    ...["build", "admin/console", "--config", "admin/console/vite.config.ts", "--logLevel", "warn"],
  ],
];
for (const [program, ...given] of steps) {
  if (!existsSync(program)) continue;
  const built = spawnSync(process.execPath, [program, ...given], { stdio: "inherit", cwd: pathOf("") });
  if (built.status !== 0) process.exit(built.status ?? 1);
}
if (!existsSync(pathOf("dist/cli/main.js")) || !existsSync(pathOf("dist/admin/console/index.html"))) {
  console.error("leakgate is not built and the compiler is not installed. Run: npm ci --include=dev");
  process.exit(1);
}
