import { defineConfig } from "vitest/config";

/** Unit tests sit beside their file; integration tests cross planes and start real processes from `dist`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["{rules,proxy,admin,cli,bench}/**/*.test.ts"], testTimeout: 30_000 },
      },
      {
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
          // Each file starts gateways of its own; on two cores more files at once only fight for the processor.
          maxWorkers: 2,
        },
      },
    ],
  },
});
