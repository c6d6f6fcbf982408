import { cp, readdir, rm, rmdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Site } from '../config/model/site.ts';
import { NOTHING_NAMED } from '../config/plain/plain-search.ts';
import { findPlainSite } from '../config/plain/plain-site.ts';
import type { Microseconds } from '../filestorage/tid.ts';
import { DatabaseWriter } from '../filestorage/writer/database-writer.ts';
import { backUpSite, type StorageBackup } from '../operations/backup/backup-site.ts';
import { restoreLockPath } from '../operations/restore/journal/restore-lock.ts';
import { restore } from '../operations/restore/restore-filestorage.ts';
import type { RestoreResult } from '../operations/restore/restore-plan.ts';
import { restoreSite } from '../operations/restore/restore-site.ts';
import { TO_EMPTY_PLACE } from '../operations/restore/site-restore-plan.ts';
import type { JobContext } from '../operations/run/events.ts';
import { LATEST_BACKUP, parseRestoreTarget } from '../repository/restore-target.ts';
import { absent } from '../system/absent.ts';
import { Failure, withSystemErrors } from '../system/failure.ts';
import { openFileSource } from '../system/files/byte-source.ts';
import { makeFolder } from '../system/files/make-folder.ts';
import { randomFrom } from './random.ts';
import { SampleSite } from './sample-site.ts';

/** Where the demo plays. Everything lies below `folder`, as a Zope instance has it. */
export interface DemoSettings {
  /** A folder that isn't there, or is empty. */
  readonly folder: string;
  readonly seed: number;
}

/** What has happened in the demo, in this order. */
export type DemoScene =
  | { readonly kind: 'site-made'; readonly site: SiteCounts }
  | { readonly kind: 'backed-up'; readonly result: StorageBackup; readonly site: SiteCounts }
  | { readonly kind: 'site-grown'; readonly site: SiteCounts; readonly addedTransactions: number }
  | { readonly kind: 'destroyed' }
  | { readonly kind: 'restored'; readonly result: RestoreResult }
  /** The file and the one it is compared with have the same bytes, and so have so many blobs. */
  | {
      readonly kind: 'proved';
      readonly comparison: ProvenEquality;
      readonly blobs: number | undefined;
    };

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
  readonly blobBackups: string;
  /** Copies of the Data.fs and of the blobs from before the disaster. */
  readonly original: string;
  readonly originalBlobs: string;
  /** The Data.fs as it was at the first backup. */
  readonly first: string;
}

const FIRST_TRANSACTIONS = 240;
const LATER_TRANSACTIONS = 60;

/**
 * Plays a backup's whole life on a sample site: backs it up, lets it grow, backs it up again,
 * destroys the Data.fs and the blobs, restores them, and compares every byte. When it is interrupted,
 * what it made goes. Failures: `refused` if something is in the folder; `damaged` if what was restored is not
 * the same.
 */
export async function playDemo({ folder, seed }: DemoSettings, stage: Stage): Promise<DemoPaths> {
  const was = await requireEmpty(folder);
  const paths = pathsIn(folder);
  try {
    return await play(paths, { seed, ...stage });
  } catch (error) {
    if (stage.context.signal.aborted) await clearAway(paths, was);
    throw error;
  }
}

interface Stage {
  readonly context: JobContext;
  readonly onScene: (scene: DemoScene) => void;
}

async function clearAway(paths: DemoPaths, was: 'empty' | 'absent'): Promise<void> {
  const { folder, original, originalBlobs, first } = paths;
  const ofFirst = [first, `${first}.index`, restoreLockPath(first)];
  const made = [join(folder, VARIABLE), original, originalBlobs, ...ofFirst];
  await withSystemErrors(`clear "${folder}"`, async () => {
    for (const path of made) await rm(path, { recursive: true, force: true });
    // Somebody may have put something into it meanwhile.
    if (was === 'absent') await rmdir(folder).catch(() => {});
  });
}

async function play(
  paths: DemoPaths,
  { seed, context, onScene }: Stage & { readonly seed: number },
): Promise<DemoPaths> {
  const { folder } = paths;
  await makeFolder(dirname(paths.dataFs));
  await makeFolder(paths.blobs);
  await withSystemErrors(`create "${paths.dataFs}"`, () => writeFile(paths.dataFs, ''));
  const { site } = await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const first = await liveAndBackUp(paths, { seed, site, context, onScene });

  await withSystemErrors(`copy "${paths.dataFs}"`, async () => {
    await cp(paths.dataFs, paths.original);
    await cp(paths.blobs, paths.originalBlobs, { recursive: true });
  });
  await destroy(paths);
  onScene({ kind: 'destroyed' });
  const now = () => new Date();
  const whole = {
    site,
    kind: 'backup',
    wanted: LATEST_BACKUP,
    ...TO_EMPTY_PLACE,
    now,
  } as const;
  const [result] = await restoreSite(whole, context);
  if (result === undefined) throw new RangeError('the site has a Data.fs');
  onScene({ kind: 'restored', result });
  const { original, originalBlobs } = paths;
  const comparison = await prove({ original, restored: paths.dataFs });
  const blobs = await proveBlobs({ original: originalBlobs, restored: paths.blobs });
  onScene({ kind: 'proved', comparison, blobs });

  await restore(
    {
      repository: paths.repository,
      wanted: parseRestoreTarget(first),
      target: paths.first,
      heldLock: 'refuse',
      old: 'discard',
      now,
    },
    context,
  );
  // No other restore goes there, and people look into this folder.
  const lock = restoreLockPath(paths.first);
  await withSystemErrors(`remove "${lock}"`, () => rm(lock, { force: true }));
  const firstComparison = await prove({ original, restored: paths.first });
  onScene({ kind: 'proved', comparison: firstComparison, blobs: undefined });
  return paths;
}

/** Returns the stamp of the first backup. */
async function liveAndBackUp(
  paths: DemoPaths,
  {
    seed,
    site,
    context,
    onScene,
  }: {
    readonly seed: number;
    readonly site: Site;
    readonly context: JobContext;
    readonly onScene: (scene: DemoScene) => void;
  },
): Promise<string> {
  await using writer = await DatabaseWriter.open({
    path: paths.dataFs,
    blobs: { path: paths.blobs, layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const sample = await SampleSite.begin(writer, randomFrom(seed));
  const counts = (): SiteCounts => ({ ...sample.counts, dataFsBytes: writer.committedEnd });
  await sample.grow(FIRST_TRANSACTIONS);
  onScene({ kind: 'site-made', site: counts() });
  const first = await backUpScene(site, { counts, context, onScene });
  const before = sample.counts.transactions;
  await sample.grow(LATER_TRANSACTIONS);
  const addedTransactions = sample.counts.transactions - before;
  onScene({ kind: 'site-grown', site: counts(), addedTransactions });
  await backUpScene(site, { counts, context, onScene });
  return first;
}

/** Returns the stamp of the backup. */
async function backUpScene(
  site: Site,
  {
    counts,
    context,
    onScene,
  }: {
    readonly counts: () => SiteCounts;
    readonly context: JobContext;
    readonly onScene: (scene: DemoScene) => void;
  },
): Promise<string> {
  context.signal.throwIfAborted();
  const [result] = await backUpSite(
    {
      site,
      kind: 'backup',
      full: 'as-set',
      compressor: 'auto',
      level: undefined,
      now: () => new Date(),
      random: Math.random,
    },
    context,
  );
  const written = result?.filestorage?.written;
  if (result === undefined || written === undefined) throw new RangeError('nothing was new');
  onScene({ kind: 'backed-up', result, site: counts() });
  return written.file.stamp;
}

const VARIABLE = 'var';

function pathsIn(folder: string): DemoPaths {
  const variable = join(folder, VARIABLE);
  return {
    folder,
    dataFs: join(variable, 'filestorage', 'Data.fs'),
    blobs: join(variable, 'blobstorage'),
    repository: join(variable, 'backups'),
    blobBackups: join(variable, 'blobstoragebackups'),
    original: join(folder, 'original-Data.fs'),
    originalBlobs: join(folder, 'original-blobstorage'),
    first: join(folder, 'first-backup-Data.fs'),
  };
}

/** The demo deletes and overwrites; it does so only to what it made itself. */
async function requireEmpty(folder: string): Promise<'empty' | 'absent'> {
  const names = await withSystemErrors(`look at "${folder}"`, () => readdir(folder).catch(absent));
  if (names === undefined) return 'absent';
  if (names.length === 0) return 'empty';
  throw new Failure('refused', `Cannot play the demo in "${folder}": it is not empty`, {
    hint: 'Name a folder that is empty or not there yet.',
  });
}

/** What a failing disk may leave: half of the file, zeros where its beginning was, and no blobs. */
async function destroy({ dataFs, blobs }: DemoPaths): Promise<void> {
  await using source = await openFileSource(dataFs);
  await withSystemErrors(`destroy "${dataFs}"`, async () => {
    await truncate(dataFs, Math.floor(source.sizeBytes / 2));
    await writeFile(dataFs, Buffer.alloc(4096), { flag: 'r+' });
    await rm(blobs, { recursive: true });
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

/** Compares every blob file. Returns how many there are. */
async function proveBlobs(paths: {
  readonly original: string;
  readonly restored: string;
}): Promise<number> {
  const blobsIn = async (folder: string) => {
    const names = await withSystemErrors(`list "${folder}"`, () =>
      readdir(folder, { recursive: true }),
    );
    return names.filter((name) => name.endsWith('.blob')).sort();
  };
  const names = await blobsIn(paths.original);
  if (names.join() !== (await blobsIn(paths.restored)).join()) throw different(paths, 0);
  for (const name of names) {
    await prove({ original: join(paths.original, name), restored: join(paths.restored, name) });
  }
  return names.length;
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
