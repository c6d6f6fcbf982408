import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeBlobDirectory } from '../blob-workload.ts';
import type { Trial } from '../measure.ts';
import type { Bench, Case } from './case.ts';

/** Copies of a name that sorts, and counts, before those that are made now. */
const OLD_COPY = 'blobstorage.2001-01-01-00-00-00';

/** A part that reads nothing back, as rsync doesn't. */
const UNPROVEN = 'unproven';

/** A buildout with a blob directory, and the folders of its copies. */
interface BlobBench {
  readonly bench: Bench;
  readonly site: string;
  readonly live: string;
  /** Ours; and rsync's, which has the same blobs. */
  readonly copies: string;
  readonly rsyncCopies: string;
}

/** Makes the blob directory, and a buildout that backs up nothing else. */
export function makeBlobBench(bench: Bench, count: number): BlobBench {
  const site = join(bench.folder, 'site');
  const live = join(site, 'var/blobstorage');
  mkdirSync(join(site, 'var/filestorage'), { recursive: true });
  makeBlobDirectory(live, count);
  const part = (name: string, verification: string) => [
    ...[
      `[${name}]`,
      `blobbackuplocation = ${copiesOf(site, name)}`,
      'recipe = collective.recipe.backup',
    ],
    ...['blob_storage = var/blobstorage', 'only_blobs = true', 'use_rsync = false'],
    ...['keep_blob_days = 0', 'keep = 1000', `verify_after_backup = ${verification}`],
  ];
  const cfg = [
    ...['[buildout]', `parts = backup ${UNPROVEN}`],
    ...part('backup', 'quick'),
    ...part(UNPROVEN, 'off'),
  ];
  writeFileSync(join(site, 'buildout.cfg'), cfg.join('\n'));
  execFileSync(process.execPath, [bench.command, 'install'], { cwd: site, stdio: 'pipe' });
  const rsyncCopies = join(bench.folder, 'rsync');
  mkdirSync(rsyncCopies);
  return { bench, site, live, copies: copiesOf(site, 'backup'), rsyncCopies };
}

function copiesOf(site: string, part: string): string {
  return join(site, 'var', `copies-${part}`);
}

/** The cases in the order in which they must be measured. */
export const BLOB_CASES: readonly ((blobs: BlobBench) => Case)[] = [
  (blobs) => ({
    job: 'blobs, first copy',
    isBasis: true,
    ours: script(blobs, { words: ['backup', '-q'], prepare: () => putAside(blobs, blobs.copies) }),
    peers: firstByRsync(blobs),
    bars: [{ peer: 'rsync -a', ratio: 1 }],
  }),
  (blobs) => ({
    job: 'blobs, first copy, nothing read back',
    ours: script(blobs, {
      words: [UNPROVEN, '-q'],
      prepare: () => putAside(blobs, copiesOf(blobs.site, UNPROVEN)),
    }),
    peers: [...firstByRsync(blobs), ...firstByRsync(blobs, { isSynced: true })],
    bars: [{ peer: 'rsync -a', ratio: 0.67 }],
  }),
  (blobs) => ({
    job: 'blobs, next copy',
    ours: script(blobs, { words: ['backup', '-q'], prepare: () => {} }),
    peers: rsync(blobs, {
      label: 'rsync -a --delete --link-dest',
      words: [
        ...['-a', '--delete', '--link-dest=../first'],
        ...[blobs.live, join(blobs.rsyncCopies, 'next')],
      ],
      prepare: () => putAside(blobs, join(blobs.rsyncCopies, 'next')),
    }),
    bars: [{ peer: 'rsync -a --delete --link-dest', ratio: 0.2 }],
  }),
  (blobs) => ({
    job: 'blobs, restore of all',
    isBasis: true,
    ours: script(blobs, { words: ['restore', '-n'], prepare: () => putAside(blobs, blobs.live) }),
    peers: rsync(blobs, {
      label: 'rsync -a --delete',
      words: ['-a', '--delete', rsyncCopy(blobs), join(blobs.rsyncCopies, 'restored')],
      prepare: () => putAside(blobs, join(blobs.rsyncCopies, 'restored')),
    }),
    bars: [{ peer: 'rsync -a --delete', ratio: 0.8 }],
  }),
  (blobs) => ({
    job: 'blobs, restore where nothing is lost',
    ours: script(blobs, { words: ['restore', '-n'], prepare: () => {} }),
    peers: rsync(blobs, {
      label: 'rsync -a --delete --checksum',
      words: [
        '-a',
        '--delete',
        '--checksum',
        rsyncCopy(blobs),
        join(blobs.rsyncCopies, 'restored'),
      ],
      prepare: () => {},
    }),
    bars: [{ peer: 'rsync -a --delete --checksum', ratio: 1.2 }],
  }),
  (blobs) => ({
    job: 'blobs, removal of a copy',
    ours: settled({
      label: 'zodbvault',
      command: [
        ...([process.execPath, '--import', 'tsx'] as const),
        join(import.meta.dirname, '../remove-blob-copy.ts'),
        ...[blobs.copies, blobs.live, String(copyNames(blobs).length)],
      ],
      prepare: () => {
        copyLinks(newestCopy(blobs), join(blobs.copies, OLD_COPY));
        rmSync(join(blobs.copies, OLD_COPY, '.zodbvault.json')); // It names the newer copy's moment.
      },
    }),
    peers: [
      settled({
        label: 'rm -rf',
        command: ['rm', '-rf', join(blobs.rsyncCopies, 'old')],
        prepare: () => copyLinks(newestCopy(blobs), join(blobs.rsyncCopies, 'old')),
      }),
    ],
  }),
];

function script(
  { bench, site }: BlobBench,
  { words, prepare }: { readonly words: readonly string[]; readonly prepare: () => void },
): Trial {
  const [name = '', ...others] = words;
  const command = [bench.command, 'script', join(site, 'bin', name), ...others];
  return settled({ label: 'zodbvault', command: [process.execPath, ...command], prepare });
}

/** @param isSynced - until it is on the disk, as ours is */
function firstByRsync(blobs: BlobBench, { isSynced = false } = {}): readonly Trial[] {
  const target = join(blobs.rsyncCopies, 'first');
  const words = ['-a', blobs.live, target];
  const prepare = () => putAside(blobs, target);
  const trials = rsync(blobs, { label: 'rsync -a', words, prepare });
  if (!isSynced) return trials;
  return trials.map(({ command }) =>
    settled({
      label: 'rsync -a; sync -f',
      command: ['sh', '-c', '"$@" && exec sync -f "$0"', target, ...command],
      prepare,
    }),
  );
}

function rsync(
  { bench }: BlobBench,
  {
    label,
    words,
    prepare,
  }: { readonly label: string; readonly words: readonly string[]; readonly prepare: () => void },
): readonly Trial[] {
  if (!bench.peers.has('rsync')) return [];
  return [settled({ label, command: ['rsync', ...words], prepare })];
}

/** Begins with nothing left to write: what another one wrote is not to be waited for by this one. */
function settled(trial: Trial): Trial {
  return {
    ...trial,
    prepare: async () => {
      await trial.prepare?.();
      execFileSync('sync');
    },
  };
}

/**
 * Moves a directory away, to be removed when all is measured: ext4 makes new files more slowly for
 * minutes after many were removed.
 */
function putAside({ bench }: BlobBench, path: string): void {
  const aside = join(bench.folder, 'aside');
  mkdirSync(aside, { recursive: true });
  if (existsSync(path)) renameSync(path, join(aside, `${readdirSync(aside).length}`));
}

function copyLinks(path: string, target: string): void {
  execFileSync('cp', ['-al', path, target]);
}

function rsyncCopy({ rsyncCopies, live }: BlobBench): string {
  return join(rsyncCopies, 'first', basename(live));
}

function copyNames({ copies }: BlobBench): readonly string[] {
  return readdirSync(copies)
    .filter((name) => name.startsWith('blobstorage.'))
    .sort();
}

function newestCopy(blobs: BlobBench): string {
  return join(blobs.copies, copyNames(blobs).at(-1) ?? '');
}
