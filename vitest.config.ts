import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take longest, so that none of them is left when all others have ended. */
const LONGEST = [
  'torture/torture',
  'command/schedule', // It waits for the minute that cron waits for.
  'live-site',
  'command/backup',
  'golden/repository',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const PATIENCE = { testTimeout: 180_000, hookTimeout: 180_000 } as const;
/** Where the processes that tests start leave their coverage: `npm run coverage`. */
const OF_PROCESSES = process.env['COVERAGE_OF_PROCESSES'];
const REAL = 'test/real/**/*.test.ts';
/** Thousands of cases, backups or nights, and what takes a minute or more: CI runs them beside `npm test`. */
const LONG = [
  'src/system/streams/gzip/compress-by-isal.test.ts',
  'test/clocks.test.ts',
  'test/command/blob-sums.test.ts',
  'test/command/damaged-source.test.ts',
  'test/command/history.test.ts',
  'test/command/known-bad.test.ts',
  'test/command/large-data-files.test.ts',
  'test/command/long-lists.test.ts',
  'test/command/lost-blobs.test.ts',
  'test/command/many-backups.test.ts',
  'test/command/many-clients.test.ts',
  'test/command/moments.test.ts',
  'test/command/progress.test.ts',
  'test/command/restore-undo.test.ts',
  'test/command/sealed-copies.test.ts',
  'test/command/shared-blob-folder.test.ts',
  'test/command/sources.test.ts',
  'test/command/two-copies.test.ts',
  'test/copied-runs.test.ts',
  'test/copy-retention.test.ts',
  'test/damage/*.test.ts',
  'test/large-copies.test.ts',
  'test/many-copies.test.ts',
  'test/moments/long-year.test.ts',
  'test/recipe/archive-faults.test.ts',
  'test/recipe/archives.test.ts',
  'test/recipe/blob-directories.test.ts',
  'test/recipe/blob-faults.test.ts',
  'test/recipe/files-that-are-no-blobs.test.ts',
  'test/recipe/files-with-holes.test.ts',
  'test/recipe/folders-of-the-recipe.test.ts',
  'test/recipe/recipe-archives.test.ts',
  'test/recipe/restoring-blobs.test.ts',
  'test/repozo-holes.test.ts',
  'test/retention-of-files.test.ts',
  'test/stores/copy-faults.test.ts',
  'test/stores/copy-processes.test.ts',
  'test/stores/intruder.test.ts',
  'test/stores/prune-copy.test.ts',
  'test/stores/s3-faults.test.ts',
  'test/stores/s3-swift.test.ts',
  'test/stores/sftp-faults.test.ts',
  'test/thirty-nights.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'tests',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [REAL, ...LONG],
          ...PATIENCE,
          env: OF_PROCESSES === undefined ? {} : { NODE_V8_COVERAGE: OF_PROCESSES },
        },
      },
      { test: { name: 'long', include: LONG, ...PATIENCE } },
      // Against the real ZODB, ZEO, buildout and Plone: `npm run test:real`.
      { test: { name: 'real', include: [REAL], testTimeout: 600_000, hookTimeout: 180_000 } },
    ],
    // Most tests wait for programs and disks; vitest alone would leave one of two cores idle.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: [
      'default',
      ['json', { outputFile: process.env['VITEST_JSON'] ?? 'test-results/vitest.json' }],
    ],
  },
});
