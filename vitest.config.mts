import { defineConfig } from "vitest/config";

/** On a shared CI machine a daemon may start late: one more try there, which the report shows. Never on a desk. */
const again = process.env.CI === "true" ? 1 : 0;

/**
 * Three groups in rising order of cost: what needs nothing but Node, what needs the Pulumi engine, and what needs the
 * sandbox. The last runs one file at a time, because there is one sandbox on a computer.
 */
export default defineConfig({
  test: {
    globalSetup: "tests/programsReady.ts",
    projects: [
      {
        test: {
          name: "pure",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.{engine,sandbox}.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          globalSetup: "tests/browserReady.ts",
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "engine",
          include: ["tests/**/*.engine.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 900_000,
          maxWorkers: 2,
          retry: again,
          globalSetup: "tests/engineReady.ts",
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "sandbox",
          include: ["tests/**/*.sandbox.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          retry: again,
          maxWorkers: 1,
          globalSetup: ["tests/engineReady.ts", "tests/browserReady.ts", "tests/sandboxAlone.ts"],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
