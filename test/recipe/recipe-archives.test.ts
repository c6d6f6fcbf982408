/** Archives that the recipe made, with its own tar command lines: restored, and continued. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveAsRecipe, extractAsRecipe } from '../support/archives.ts';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const ARCHIVE = ['blob_storage = var/blobstorage', 'archive_blob = true'];
const INCREMENTAL = [...ARCHIVE, 'incremental_blobs = true'];
const NO_BLOBS = ['backup_blobs = false'];

type State = Readonly<Record<string, string>>;

/** A moment of a site: the stamp of its Data.fs backup, and its blobs. */
interface Moment {
  readonly stamp: string;
  readonly blobs: State;
  /** The name of its archive. */
  readonly archive: string;
}

const archivesIn = (folder: string) =>
  namesIn(folder).filter((name) => /\.tar(\.gz)?$|\.snar$/.test(name));

async function reconfigure(site: BuildoutSite, lines: readonly string[]) {
  site.configure(recipeCfg(lines));
  await site.install();
}

/**
 * A site whose Data.fs is backed up, and whose blobs the recipe has archived: a full backup and one
 * delta for each of `endings`, after a commit and the removal of a blob each.
 */
async function siteOfRecipe(endings: readonly string[]) {
  const site = await newBuildoutSite(scratch, recipeCfg(NO_BLOBS));
  const folder = site.path('var/blobstoragebackups');
  mkdirSync(folder);
  const moments: Moment[] = [];
  for (const ending of ['.tar', ...endings]) {
    if (moments.length > 0) await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const stamp = (dataFilesIn(site.path('var/backups')).at(-1) ?? '').slice(0, 19);
    if (moments.length > 0) unlinkSync(join(site.blobs, blobFiles(site.blobs)[0] ?? ''));
    const archive = `blobstorage.${stamp}${ending}`;
    const state = join(folder, `blobstorage.${moments[0]?.stamp ?? stamp}.snar`);
    if (moments.length > 0) copyFileSync(state, join(scratch, 'former.snar'));
    archiveAsRecipe(site.blobs, { to: join(folder, archive), state });
    moments.push({ stamp, blobs: blobState(site.blobs), archive });
  }
  return { site, folder, moments };
}

async function expectMoments(site: BuildoutSite, moments: readonly Moment[]) {
  for (const { stamp, blobs } of moments) {
    await site.scriptWell('restore', '-n', stamp);
    expect(blobState(site.blobs)).toEqual(blobs);
  }
}

describe('chain that the recipe made', () => {
  it('is restored to each moment, goes on with our deltas, and plain tar unpacks the result', async () => {
    const { site, folder, moments } = await siteOfRecipe(['.delta.tar.gz', '.delta.tar']);
    const before = archivesIn(folder);
    await reconfigure(site, INCREMENTAL);
    const live = folderState(site.blobs);
    const { stderr: nothing } = await site.scriptWell('backup');
    expect(nothing).toContain('exists already');
    expect(archivesIn(folder)).toEqual(before);
    expect(folderState(site.blobs)).toEqual(live);
    for (const count of [1, 2]) {
      await commitBlob(site.dataFs);
      unlinkSync(join(site.blobs, blobFiles(site.blobs)[0] ?? ''));
      const { stderr } = await site.scriptWell('backup');
      // What the live site has lost is told each time, by the archive that has it.
      const lost = Array(count).fill(expect.stringContaining('has lost a blob of'));
      expect(stderr.match(/WARNING: .*/g)).toEqual(lost);
      const stamp = (dataFilesIn(site.path('var/backups')).at(-1) ?? '').slice(0, 19);
      const archive = `blobstorage.${stamp}.delta.tar`;
      moments.push({ stamp, blobs: blobState(site.blobs), archive });
      expect(archivesIn(folder).length).toBe(before.length + count);
    }
    const unpacked = join(scratch, 'unpacked');
    extractAsRecipe(
      moments.map(({ archive }) => join(folder, archive)),
      unpacked,
    );
    expect(blobState(unpacked)).toEqual(moments.at(-1)?.blobs);
    // The recipe goes on from here: its tar takes our state, and its delta has what is new.
    await commitBlob(site.dataFs);
    const next = join(folder, 'next.tar');
    archiveAsRecipe(site.blobs, {
      to: next,
      state: join(folder, `blobstorage.${moments[0]?.stamp}.snar`),
    });
    const further = join(scratch, 'further');
    extractAsRecipe([...moments.map(({ archive }) => join(folder, archive)), next], further);
    expect(blobState(further)).toEqual(blobState(site.blobs));
    await expectMoments(site, moments);
  });
});

describe('W16: chain of the recipe that is not whole', () => {
  const half = (path: string) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
  };

  it.each([
    ['an empty state', ({ state }: Places) => writeFileSync(state, '')],
    ['a state of something else', ({ state }: Places) => writeFileSync(state, 'x'.repeat(1000))],
    [
      'a state that does not know the last delta',
      ({ state, formerState }: Places) => writeFileSync(state, formerState),
    ],
    ['a last delta that is cut off', ({ delta }: Places) => half(delta)],
    ['a full archive that is lost', ({ full }: Places) => unlinkSync(full)],
    ['a full archive that is cut off', ({ full }: Places) => half(full)],
  ])('because of %s: the next archive is complete, and says why', async (_, damage) => {
    const { site, folder, healthy, ...names } = await readyToContinue();
    rmSync(folder, { recursive: true });
    cpSync(healthy, folder, { recursive: true });
    const { state, full, delta } = names;
    damage({
      state: join(folder, state),
      formerState: readFileSync(join(folder, 'former')),
      full: join(folder, full),
      delta: join(folder, delta),
    });
    const { stderr } = await site.scriptWell('backup');
    expect(stderr).toMatch(/WARNING: .* has no complete chain of archives/);
    const newest = (dataFilesIn(site.path('var/backups')).at(-1) ?? '').slice(0, 19);
    const unpacked = join(scratch, `complete-${++unpackings}`);
    extractAsRecipe([join(folder, `blobstorage.${newest}.tar`)], unpacked);
    expect(blobState(unpacked)).toEqual(blobState(site.blobs));
  });

  let unpackings = 0;
  let ready: ReturnType<typeof makeReady> | undefined;
  const readyToContinue = () => {
    ready ??= makeReady();
    return ready;
  };

  /** A chain of two, and the state before the second as `former`; the blobs of a commit are to come. */
  async function makeReady() {
    const { site, folder, moments } = await siteOfRecipe(['.delta.tar']);
    const [first, second] = moments;
    if (first === undefined || second === undefined) throw new Error('two moments');
    copyFileSync(join(scratch, 'former.snar'), join(folder, 'former'));
    await commitBlob(site.dataFs);
    await reconfigure(site, INCREMENTAL);
    const healthy = join(scratch, 'healthy');
    cpSync(folder, healthy, { recursive: true });
    const state = `blobstorage.${first.stamp}.snar`;
    return { site, folder, healthy, state, full: first.archive, delta: second.archive };
  }
});

/** What can be damaged. */
interface Places {
  readonly state: string;
  readonly formerState: Buffer;
  readonly delta: string;
  readonly full: string;
}

describe('numbered and stamped archives that lie about', () => {
  it('are restored in their order, and go on with a new 0', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...ARCHIVE, 'blob_timestamps = false', 'enable_zipbackup = true', 'full = true']),
    );
    const folder = site.path('var/blobstoragezips');
    mkdirSync(folder, { recursive: true });
    // Zips of 4.0 had stamps; those of 2.14 and of 4.2 have numbers.
    const lastYear = new Date('2025-02-03T04:05:06Z');
    for (const name of ['blobstorage.2025-02-03-04-05-06.tar.gz', 'blobstorage.0.tar']) {
      archiveAsRecipe(site.blobs, { to: join(folder, name) });
      utimesSync(join(folder, name), lastYear, lastYear);
    }
    await commitBlob(site.dataFs);
    const state = blobState(site.blobs);
    await site.scriptWell('zipbackup');
    // W12: the old stamped one is not newer than what was just made.
    expect(archivesIn(folder)).toContain('blobstorage.0.tar');
    await commitBlob(site.dataFs);
    const { stderr } = await site.scriptWell('ziprestore', '-n');
    expect(stderr).not.toContain('WARNING');
    expect(blobState(site.blobs)).toEqual(state);
  });

  it('are whole where the recipe has made a new number 0 beside our record, unless they are damaged', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...ARCHIVE, 'enable_zipbackup = true', 'gzip_blob = false']),
    );
    const folder = site.path('var/blobstoragezips');
    await site.scriptWell('zipbackup');
    const [ours = ''] = archivesIn(folder);
    const path = join(folder, ours);
    const verdict = async () => {
      const { stdout, stderr } = await site.run(['verify', '--kind', 'zip']);
      return {
        isGood: /1 blob backup intact/.test(stdout + stderr),
        isOther: /not the file that was recorded/.test(stdout + stderr),
      };
    };
    // The recipe removes what it has renamed when it keeps one.
    await commitBlob(site.dataFs);
    rmSync(path);
    archiveAsRecipe(site.blobs, { to: path });
    expect(await verdict()).toEqual({ isGood: true, isOther: false });
    // A time alone decides nothing.
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    expect(await verdict()).toEqual({ isGood: false, isOther: true });
    writeFileSync(path, bytes);
    utimesSync(path, new Date(0), new Date(0));
    expect(await verdict()).toEqual({ isGood: false, isOther: true });
  });

  it('are known by their records where the recipe has renamed them without', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...ARCHIVE, 'enable_zipbackup = true', 'gzip_blob = false']),
    );
    const folder = site.path('var/blobstoragezips');
    await site.scriptWell('zipbackup');
    const [path, renamed] = [0, 1].map((number) => join(folder, `blobstorage.${number}.tar`)) as [
      string,
      string,
    ];
    renameSync(path, renamed);
    await commitBlob(site.dataFs);
    archiveAsRecipe(site.blobs, { to: path });
    const verify = () => site.run(['verify', '-v', '--kind', 'zip']);
    const { status, stderr } = await verify();
    expect(status).toBe(0);
    expect(stderr).toContain('blobstorage.0.tar (not recorded, complete');
    expect(stderr).toContain('blobstorage.1.tar (sha256');
    const bytes = readFileSync(renamed);
    const { mtime } = statSync(renamed);
    const middle = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(renamed, bytes);
    utimesSync(renamed, mtime, mtime);
    const damaged = await verify();
    expect([damaged.status, damaged.stderr]).toEqual([
      1,
      expect.stringContaining(
        'blobstorage.1.tar" is damaged: it is not the file that was recorded',
      ),
    ]);
  });

  it('W19: a newer directory is taken although archives are preferred', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    const folder = site.path('var/blobstoragebackups');
    mkdirSync(folder);
    archiveAsRecipe(site.blobs, { to: join(folder, 'blobstorage.2024-01-01-00-00-00.tar') });
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const state = blobState(site.blobs);
    await reconfigure(site, ARCHIVE);
    await commitBlob(site.dataFs);
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(state);
  });

  it('W3: archives are restored although the part makes directories now', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(ARCHIVE));
    await site.scriptWell('backup');
    const state = blobState(site.blobs);
    await reconfigure(site, ['blob_storage = var/blobstorage']);
    await commitBlob(site.dataFs);
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(state);
  });
});

describe('W14: only blobs, in archives', () => {
  it('stay for keep_blob_days, and the newest stays however old it is', async () => {
    const lines = [...ARCHIVE, 'only_blobs = true', 'keep_blob_days = 14'];
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    const folder = site.path('var/blobstoragebackups');
    mkdirSync(folder);
    const named = (daysAgo: number) => {
      const moment = new Date(Date.now() - daysAgo * 24 * 3600 * 1000).toISOString();
      return `blobstorage.${moment.slice(0, 19).replace(/[T:]/g, '-')}.tar`;
    };
    const [old, young] = [[400, 20, 15].map(named), [13, 5, 1].map(named)];
    for (const name of [...old, ...young]) archiveAsRecipe(site.blobs, { to: join(folder, name) });
    await site.scriptWell('backup');
    const there = archivesIn(folder);
    expect(there.slice(0, 3)).toEqual(young);
    expect(there.length).toBe(4);
  });
});
