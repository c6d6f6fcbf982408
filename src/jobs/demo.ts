import { cp, mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Microseconds } from '../filestorage/tid.ts';
import { DatabaseWriter } from '../filestorage/writer/database-writer.ts';
import { parseRecoveryDate } from '../repository/recovery-date.ts';
import { randomFrom } from '../sample/random.ts';
import { SampleSite } from '../sample/sample-site.ts';
import { openFileSource } from '../system/byte-source.ts';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { type BackupResult, type BackupSettings, backUp } from './backup.ts';
import type { JobContext } from './events.ts';
import { type RestoreResult, restore } from './restore.ts';

/** Where the demo plays. Everything lies below `folder`, as a Zope instance has it. */
export interface DemoSettings {
  /** A folder that isn't there, or is empty. */
  readonly folder: string;
  readonly seed: number;
}

/** What has happened in the demo, in this order. */
export type DemoScene =
  | { readonly kind: 'site-made'; readonly site: SiteCounts }
  | { readonly kind: 'backed-up'; readonly result: BackupResult }
  | { readonly kind: 'site-grown'; readonly site: SiteCounts; readonly addedTransactions: number }
  | { readonly kind: 'destroyed'; readonly path: string; readonly keptAs: string }
  | { readonly kind: 'restored'; readonly result: RestoreResult }
  /** The file and the one it is compared with have the same bytes. */
  | { readonly kind: 'proved'; readonly comparison: ProvenEquality };

/** How large the sample site is. */
export interface SiteCounts {
  readonly dataFsBytes: number;
  readonly transactions: number;
  readonly objects: number;
  readonly blobs: number;
}

/** `start` of `original` and all of `restored` have been compared byte by byte. */
export interface ProvenEquality {
  readonly original: string;
  readonly restored: string;
  readonly comparedBytes: number;
}

/** The paths of the demo's site. */
export interface DemoPaths {
  readonly folder: string;
  readonly dataFs: string;
  readonly blobs: string;
  readonly repository: string;
  /** A copy of the Data.fs from before the disaster. */
  readonly original: string;
  /** The Data.fs as it was at the first backup. */
  readonly first: string;
}

const FIRST_TRANSACTIONS = 240;
const LATER_TRANSACTIONS = 60;

/**
 * Plays a backup's whole life on a sample site: backs it up, lets it grow, backs it up again,
 * destroys the Data.fs, restores it, and compares every byte. Failures: `refused` if something is
 * in the folder; `damaged` if the restored file is not the same.
 */
export async function playDemo(
  { folder, seed }: DemoSettings,
  {
    context,
    onScene,
  }: { readonly context: JobContext; readonly onScene: (scene: DemoScene) => void },
): Promise<DemoPaths> {
  await requireEmpty(folder);
  const paths = pathsIn(folder);
  await adopting(`create "${dirname(paths.dataFs)}"`, () =>
    mkdir(dirname(paths.dataFs), { recursive: true }),
  );
  const backup = backupSettings(paths);
  const first = await liveAndBackUp(paths, { seed, backup, context, onScene });

  await adopting(`copy "${paths.dataFs}"`, () => cp(paths.dataFs, paths.original));
  await destroy(paths.dataFs);
  onScene({ kind: 'destroyed', path: paths.dataFs, keptAs: paths.original });
  const whole = {
    repository: paths.repository,
    date: undefined,
    heldLock: 'refuse',
    earlierState: 'replace',
  } as const;
  const result = await restore({ ...whole, target: paths.dataFs }, context);
  onScene({ kind: 'restored', result });
  const comparison = await prove({ original: paths.original, restored: paths.dataFs });
  onScene({ kind: 'proved', comparison });

  const stamp = first.written?.file.stamp;
  const date = stamp === undefined ? undefined : parseRecoveryDate(stamp);
  await restore({ ...whole, date, target: paths.first }, context);
  onScene({
    kind: 'proved',
    comparison: await prove({ original: paths.original, restored: paths.first }),
  });
  return paths;
}

async function liveAndBackUp(
  paths: DemoPaths,
  {
    seed,
    backup,
    context,
    onScene,
  }: {
    readonly seed: number;
    readonly backup: BackupSettings;
    readonly context: JobContext;
    readonly onScene: (scene: DemoScene) => void;
  },
): Promise<BackupResult> {
  await using writer = await DatabaseWriter.open({
    path: paths.dataFs,
    blobs: { path: paths.blobs, layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const site = await SampleSite.begin(writer, randomFrom(seed));
  const counts = (): SiteCounts => ({ ...site.counts, dataFsBytes: writer.committedEnd });
  await site.grow(FIRST_TRANSACTIONS);
  onScene({ kind: 'site-made', site: counts() });
  context.signal.throwIfAborted();
  const first = await backUp(backup, context);
  onScene({ kind: 'backed-up', result: first });
  const before = site.counts.transactions;
  await site.grow(LATER_TRANSACTIONS);
  const addedTransactions = site.counts.transactions - before;
  onScene({ kind: 'site-grown', site: counts(), addedTransactions });
  context.signal.throwIfAborted();
  onScene({ kind: 'backed-up', result: await backUp(backup, context) });
  return first;
}

function pathsIn(folder: string): DemoPaths {
  const variable = join(folder, 'var');
  return {
    folder,
    dataFs: join(variable, 'filestorage', 'Data.fs'),
    blobs: join(variable, 'blobstorage'),
    repository: join(variable, 'backups'),
    original: join(folder, 'original-Data.fs'),
    first: join(folder, 'first-backup-Data.fs'),
  };
}

function backupSettings(paths: DemoPaths): BackupSettings {
  return {
    dataFs: paths.dataFs,
    repository: paths.repository,
    full: 'when-needed',
    comparison: 'quick',
    compression: { kind: 'gzip', compressor: 'auto', level: undefined },
    keep: 0,
    pruneAfter: 'every-backup',
    missingRepository: 'make',
    now: () => new Date(),
    random: Math.random,
  };
}

/** The demo deletes and overwrites; it does so only to what it made itself. */
async function requireEmpty(folder: string): Promise<void> {
  const names = await adopting(`look at "${folder}"`, () =>
    readdir(folder).catch((error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw error;
    }),
  );
  if (names.length === 0) return;
  throw new Failure('refused', `Cannot play the demo in "${folder}": it is not empty`, {
    hint: 'Name a folder that is not there yet.',
  });
}

/** What a failing disk may leave: half of the file, and zeros where its beginning was. */
async function destroy(path: string): Promise<void> {
  await using source = await openFileSource(path);
  await adopting(`destroy "${path}"`, async () => {
    await truncate(path, Math.floor(source.sizeBytes / 2));
    await writeFile(path, Buffer.alloc(4096), { flag: 'r+' });
  });
}

async function prove(paths: {
  readonly original: string;
  readonly restored: string;
}): Promise<ProvenEquality> {
  await using original = await openFileSource(paths.original);
  await using restored = await openFileSource(paths.restored);
  const range = { start: 0, end: restored.sizeBytes };
  let offset = 0;
  for await (const chunk of restored.stream(range)) {
    const end = offset + chunk.length;
    const same =
      end <= original.sizeBytes &&
      Buffer.compare(chunk, await original.read({ start: offset, end })) === 0;
    if (!same) throw different(paths, offset);
    offset = end;
  }
  return { ...paths, comparedBytes: offset };
}

function different(
  paths: { readonly original: string; readonly restored: string },
  offset: number,
): Failure {
  return new Failure(
    'damaged',
    `Cannot prove the restore: "${paths.restored}" and "${paths.original}" differ behind byte ${offset}`,
    { hint: 'This is a fault of zodbvault; please report it, with both files.' },
  );
}
