import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // One native Temporal runtime per process; two processes for two cores.
    pool: 'forks',
    maxWorkers: 3,
    // A file shares its process with the next: loading Temporal's SDK anew for each costs a minute in all.
    isolate: false,
    maxConcurrency: 8,
    // Charges here live in seconds: on a busy machine a customer or a till may be too late for its row.
    retry: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
