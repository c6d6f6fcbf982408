import type { Command } from '@commander-js/extra-typings';
import type { BelongingBlobs } from '../../blobs/ownership/blobs-of-points.ts';
import {
  type ComparedPoint,
  type ObjectCount,
  type PointDifference,
  readPointDifference,
} from '../../operations/inspect/diff.ts';
import { blobsOfPoint, listPlace } from '../../operations/list/list-site.ts';
import { Failure } from '../../system/failure.ts';
import { nameOfState } from '../format/moment-words.ts';
import { oneLine } from '../format/one-line.ts';
import { formatTable } from '../format/table.ts';
import { count, formatBytes } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { LIVE_OPTION, liveWithoutPath, splitMomentAndPath } from '../options/content-options.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import {
  findRepositories,
  inEachRepository,
  STORAGE_OPTION,
} from '../options/selected-repositories.ts';
import { MOMENT_FORMS, readTarget } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import {
  type BlobsBetween,
  type DiffResult,
  differenceAsJson,
} from '../render/json/results/diff.ts';
import { FROM_OPTION } from '../select/copied-sites.ts';
import { SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { runCommand } from '../terminal/run-command.ts';
import { diffPaths } from './content/diff-paths.ts';
import { diffQuickly } from './diff-quickly.ts';

export function addDiffCommand(program: Command): void {
  const command = withSiteOptions(program.command('diff'))
    .addOption(FROM_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('<from>', `the earlier state: ${MOMENT_FORMS}; with --quick, also a Data.fs`)
    .argument('[to]', 'the later state; default: the newest backup')
    .argument('[path]', 'what to compare in the database, as /Plone/news')
    .addOption(LIVE_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION)
    .option('--quick', 'say only whether both have the same objects, told by a fingerprint');
  withOutputOptions(command).action((writtenFrom, second, third, options) =>
    runCommand({ ...options, command }, async (running) => {
      // A Data.fs may begin with a slash, too.
      const { moment: writtenTo, path } = options.quick
        ? { moment: second, path: third }
        : splitMomentAndPath(second, third);
      if (path !== undefined && options.quick) throw quickWithPath(path);
      if (path !== undefined)
        return diffPaths(options, { from: writtenFrom, to: writtenTo, path, running });
      if (options.live) throw liveWithoutPath('compare');
      const { terminal, signal, backups } = running;
      const result = terminal.document.result<DiffResult>({ differences: [] });
      if (options.quick === true)
        return await diffQuickly(
          { from: writtenFrom, to: writtenTo },
          { options, running, result },
        );
      const from = readTarget(writtenFrom, { terminal });
      const to = readTarget(writtenTo, { terminal });
      const context = { ...shownOn(terminal), signal, backups };
      const selected = await findRepositories(options, running);
      return await inEachRepository(selected, {
        context: running,
        work: async ({ site, place, repository, name }) => {
          const difference = await readPointDifference(repository, { from, to, context });
          const points = await listPlace(place, { site, backups });
          const { storage } = place;
          const blobs = blobsBetween(difference, {
            from: blobsAt(points, difference.from),
            to: blobsAt(points, difference.to),
          });
          const labels = { site: site.part, storage, kind: place.kind };
          result.differences.push({ ...labels, ...differenceAsJson(difference, blobs) });
          if (terminal.isJson) return;
          const lines = linesOf(difference, { name, blobs });
          terminal.print([...lines, ...(await tableOf(difference, signal))].join('\n'));
        },
      });
    }),
  );
}

function quickWithPath(path: string): Failure {
  return new Failure('usage', `Cannot compare "${path}" alone with --quick`, {
    hint: 'Leave out one of them: --quick compares whole databases.',
  });
}

/** Of a moment within a backup, nobody has counted them. */
function blobsAt(
  points: Awaited<ReturnType<typeof listPlace>>,
  { stamp, cut }: ComparedPoint,
): BelongingBlobs {
  return cut === undefined ? blobsOfPoint(points, stamp) : { kind: 'none' };
}

const BLOB_CLASS = 'ZODB.blob.Blob';

function blobsBetween(
  { classes }: PointDifference,
  { from, to }: { readonly from: BelongingBlobs; readonly to: BelongingBlobs },
): BlobsBetween {
  const found = classes.find(({ name }) => name === BLOB_CLASS);
  return {
    added: found?.added.objects ?? 0,
    changed: found?.changed.objects ?? 0,
    from: countedIn(from),
    to: countedIn(to),
  };
}

/** Blobs of an earlier backup say nothing about this one. */
function countedIn(blobs: BelongingBlobs): BlobsBetween['from'] {
  return blobs.kind === 'found' && blobs.match === 'exact' ? blobs.content : undefined;
}

function linesOf(
  difference: PointDifference,
  { name, blobs }: { readonly name: string; readonly blobs: BlobsBetween },
): readonly string[] {
  const { from, to, way, transactions, transactionBytes, removed } = difference;
  const sizes = `Data.fs: ${formatBytes(from.dataFsBytes)} before, ${formatBytes(to.dataFsBytes)} after`;
  return [
    `${name}, from ${nameOfState(from)} to ${nameOfState(to)} (UTC): ${count(transactions, 'transaction')}, ${formatBytes(transactionBytes)}`,
    way === 'continued'
      ? sizes
      : `${sizes}; there was another full backup between them, perhaps after a pack`,
    describeBlobs(blobs),
    `${count(removed, 'object')} removed`,
  ];
}

/** None where no class has changed. */
async function tableOf(
  { classes }: PointDifference,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (classes.length === 0) return [];
  const row = (name: string, one: { added: ObjectCount; changed: ObjectCount }) => [
    name,
    String(one.added.objects),
    formatBytes(one.added.bytes),
    String(one.changed.objects),
    formatBytes(one.changed.bytes),
  ];
  const added = sumOf(classes.map((one) => one.added));
  const changed = sumOf(classes.map((one) => one.changed));
  const rows = [
    ...classes.map((one) => row(oneLine(one.name), one)),
    row('all', { added, changed }),
  ];
  const head = ['Class', 'Added', 'Size', 'Changed', 'Size'];
  const alignment = ['left', 'right', 'right', 'right', 'right'] as const;
  return [await formatTable({ head, alignment, rows }, signal)];
}

function describeBlobs({ added, changed, from, to }: BlobsBetween): string {
  const objects = `Blobs: ${added} added, ${changed} changed`;
  if (from === undefined || to === undefined) return objects;
  const words = ({ files, bytes }: { files: number; bytes: number }) =>
    `${count(files, 'blob')} of ${formatBytes(bytes)}`;
  return `${objects}; ${words(from)} before, ${words(to)} after`;
}

function sumOf(counts: readonly ObjectCount[]): ObjectCount {
  return {
    objects: counts.reduce((sum, { objects }) => sum + objects, 0),
    bytes: counts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
