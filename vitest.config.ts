import { defineConfig } from "vitest/config";

/**
 * Files share their worker's modules: to load them anew took longer than most files' tests. What a file changes for all
 * (timers, the environment) it puts back. Workers go on from the long files to the short ones, so that both end together.
 */
const shared = {
  isolate: false,
  // Each file may start gateways of its own; on two cores more files at once only fight for the processor.
  maxWorkers: 2,
};

const HEAP = "test/heap.test.ts";

/** Unit tests sit beside their file; integration tests cross planes and start real processes from `dist`. */
export default defineConfig({
  test: {
    projects: [
      {
        // A snapshot of a heap takes as long as the heap is large: this one has a process of its own.
        test: { ...shared, isolate: true, name: "heap", include: [HEAP], testTimeout: 120_000 },
      },
      // Before the unit tests, by the order of the names.
      {
        test: {
          ...shared,
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: [HEAP],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...shared,
          name: "unit",
          include: ["{rules,proxy,admin,cli,bench}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
});
