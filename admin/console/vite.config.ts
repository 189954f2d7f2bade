import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Files shorter than this gain nothing. */
const COMPRESSED_FROM_BYTES = 1_000;
const COMPRESSED = /\.(?:js|css|html|svg)$/;
const built = fileURLToPath(new URL("../../dist/admin/console/", import.meta.url));

/** Lays a `.br` and a `.gz` beside each file, so that the admin process compresses nothing. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(built, { recursive: true, encoding: "utf8" })) {
        if (!COMPRESSED.test(name)) continue;
        const bytes = readFileSync(join(built, name));
        if (bytes.length < COMPRESSED_FROM_BYTES) continue;
        const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        writeFileSync(join(built, `${name}.br`), brotliCompressSync(bytes, best));
        writeFileSync(join(built, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** Builds the console into `dist/admin/console/`, from where `admin/consolefiles.ts` serves it. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: built,
    emptyOutDir: true,
    // A data: URL in the page would need more of the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
  plugins: [compressed()],
});
