import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // One native Temporal runtime per process; two processes for two cores.
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 12,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
