import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The longest files, so that none of them is left over at the end. A fresh machine knows no durations yet, and would
 * begin with the files that have the most lines.
 */
const longest = [
  'workflows/charge',
  'chaos',
  'workflows/notify',
  'crash',
  'drill',
  'workflows/orders-attacked',
  'promise',
  'api/ops',
  'workflows/strangers',
  'workflows/recovery',
  'workflows/year',
  'workflows/hammer',
  'scripts/stack',
  'simulator/journal',
  'cli/service',
  'scripts/processes',
  'api/switches',
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(name));
      return index === -1 ? longest.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    // One native Temporal runtime per process. Tests mostly wait: three processes keep two cores busy.
    pool: 'forks',
    maxWorkers: 3,
    // A file shares its process with the next: loading Temporal's SDK anew for each costs a minute in all.
    isolate: false,
    maxConcurrency: 12,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
