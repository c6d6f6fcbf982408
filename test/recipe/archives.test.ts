/** "Archives" of the recipe's own acceptance list: 56 to 62, 65 and 66. */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectArchive, type Renaming } from '../../src/blobs/archive/inspect-archive.ts';
import { openFileSource } from '../../src/system/files/byte-source.ts';
import { archiveMembers, extractAsRecipe } from '../support/archives.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const ARCHIVE = [BLOBS, 'archive_blob = true'];
const NUMBERED = [...ARCHIVE, 'blob_timestamps = false'];
const INCREMENTAL = [...ARCHIVE, 'incremental_blobs = true'];

/** Entries of a blob folder, without the records beside archives. */
const entriesIn = (folder: string) => namesIn(folder).filter((name) => !name.endsWith('.json'));

/** The blobs of a site as a backup has them: without uncommitted ones. */
const blobsOf = (site: BuildoutSite) => committed(folderState(site.blobs));

function committed(state: ReturnType<typeof folderState>) {
  return Object.fromEntries(Object.entries(state).filter(([path]) => !/^tmp(\/|$)/.test(path)));
}

/** The stamp of the newest data file. */
const stampIn = (repository: string) => (dataFilesIn(repository).at(-1) ?? '').slice(0, 19);

async function reconfigure(site: BuildoutSite, lines: readonly string[]) {
  site.configure(recipeCfg(lines));
  await site.install();
}

/** Takes the live blobs away and restores; the Data.fs and the blobs are as `state` then. */
async function expectRestored(
  site: BuildoutSite,
  {
    words = [],
    state,
    script = 'restore',
  }: {
    readonly words?: readonly string[];
    readonly state: Readonly<Record<string, string>>;
    readonly script?: string;
  },
) {
  rmSync(site.blobs, { recursive: true });
  const { stderr } = await site.scriptWell(script, '-n', ...words);
  expect(folderState(site.blobs)).toEqual(state);
  return stderr;
}

describe('numbered archives', () => {
  it('are plain and compressed side by side, 0 the newest, and each can be restored', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(NUMBERED));
    const folder = site.path('var/blobstoragebackups');
    const states: { readonly state: Readonly<Record<string, string>>; readonly stamp: string }[] =
      [];
    for (const compress of ['false', 'true', 'false']) {
      await commitBlob(site.dataFs);
      await reconfigure(site, [...NUMBERED, `compress_blob = ${compress}`, 'full = true']);
      await site.scriptWell('backup');
      states.push({ state: blobsOf(site), stamp: stampIn(site.path('var/backups')) });
    }
    // `keep` is 2: the first full backup went, and its archive with it.
    expect(entriesIn(folder)).toEqual(['blobstorage.0.tar', 'blobstorage.1.tar.gz']);
    await expectRestored(site, { state: states[2]?.state ?? {} });
    const { state = {}, stamp = '' } = states[1] ?? {};
    await expectRestored(site, { words: [stamp], state });
    for (const name of entriesIn(folder)) {
      expect(archiveMembers(join(folder, name))[0]).toBe('./');
      expect(archiveMembers(join(folder, name)).some((one) => one.endsWith('.blob'))).toBe(true);
    }
  });

  it('are all there without a limit: .0.tar, .1.tar.gz, .2.tar', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...NUMBERED, 'keep = 0']));
    for (const compress of ['false', 'true', 'false']) {
      await reconfigure(site, [...NUMBERED, 'keep = 0', `compress_blob = ${compress}`]);
      await site.scriptWell('snapshotbackup');
    }
    const folder = site.path('var/blobstoragesnapshots');
    expect(entriesIn(folder)).toEqual([
      'blobstorage.0.tar',
      'blobstorage.1.tar.gz',
      'blobstorage.2.tar',
    ]);
    // The records moved along: each still speaks of the archive beside it.
    const stamps = dataFilesIn(site.path('var/snapshotbackups')).map((name) => name.slice(0, 19));
    const before = blobsOf(site);
    for (const stamp of stamps) {
      const { stderr } = await site.scriptWell('snapshotrestore', '-n', stamp);
      expect(stderr).not.toContain('WARNING');
      expect(folderState(site.blobs)).toEqual(before);
    }
    expect(existsSync(join(folder, 'latest'))).toBe(false);
  });
});

describe('stamped archives', () => {
  it('are made once for each state of the database, however they would be compressed', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...ARCHIVE, 'compress_blob = true']));
    const folder = site.path('var/blobstoragebackups');
    await site.scriptWell('backup');
    const first = `blobstorage.${stampIn(site.path('var/backups'))}.tar.gz`;
    expect(entriesIn(folder)).toEqual([first, 'latest']);
    const { ino } = statSync(join(folder, first));
    await site.scriptWell('backup');
    await reconfigure(site, [...ARCHIVE, 'compress_blob = false']);
    await site.scriptWell('backup');
    expect(entriesIn(folder)).toEqual([first, 'latest']);
    expect(statSync(join(folder, first)).ino).toBe(ino);
    expect(readlinkSync(join(folder, 'latest'))).toBe(first);
    await commitBlob(site.dataFs);
    await reconfigure(site, [...ARCHIVE, 'full = true']);
    await site.scriptWell('backup');
    const second = `blobstorage.${stampIn(site.path('var/backups'))}.tar`;
    expect(entriesIn(folder)).toEqual([first, second, 'latest'].sort());
    expect(readlinkSync(join(folder, 'latest'))).toBe(second);
    await expectRestored(site, { state: blobsOf(site) });
  });

  it('leave out what is no blob', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(ARCHIVE));
    writeFileSync(join(site.blobs, 'tmp/upload.tmp'), 'x');
    writeFileSync(join(site.blobs, '0x00/.lock'), 'x');
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    const members = archiveMembers(join(folder, entriesIn(folder)[0] ?? ''));
    expect(members.filter((name) => /tmp|lock/.test(name))).toEqual([]);
    expect(members).toContain('./.layout');
  });
});

describe('incremental archives', () => {
  it('are refused without stamps, and switch them on where nothing is said', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([...INCREMENTAL, 'blob_timestamps = false']));
    const { status, stderr } = await site.run(['install']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Cannot have blob_timestamps false and incremental_blobs true.');
    await reconfigure(site, INCREMENTAL);
    await site.scriptWell('backup');
    expect(entriesIn(site.path('var/blobstoragebackups')).map(withoutStamp)).toEqual([
      '.snar',
      '.tar',
    ]);
  });

  it('begin with a full backup, go on with deltas, and restore to each moment', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...ARCHIVE]));
    const repository = site.path('var/backups');
    const folder = site.path('var/blobstoragebackups');
    await site.scriptWell('backup');
    await reconfigure(site, INCREMENTAL);
    // The full backup has its blobs: nothing is new, and `latest` goes.
    const { stderr: again } = await site.scriptWell('backup');
    expect(again).toContain('exists already');
    expect(entriesIn(folder).map(withoutStamp)).toEqual(['.tar']);
    // In the middle of a chain of Data.fs backups: a complete one, without a state.
    await commitBlob(site.dataFs);
    const { stderr: middle } = await site.scriptWell('backup');
    expect(middle).toContain('WARNING');
    expect(entriesIn(folder).map(withoutStamp)).toEqual(['.tar', '.tar']);
    // The next full backup begins the chain.
    await reconfigure(site, [...INCREMENTAL, 'full = true']);
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const [full, fullState] = [stampIn(repository), blobsOf(site)];
    await reconfigure(site, INCREMENTAL);
    await commitBlob(site.dataFs);
    const gone = Object.keys(fullState).find((path) => path.endsWith('.blob')) ?? '';
    unlinkSync(join(site.blobs, gone));
    await site.scriptWell('backup');
    const [increment, incrementState] = [stampIn(repository), blobsOf(site)];
    const chain = [
      `blobstorage.${full}.snar`,
      `blobstorage.${full}.tar`,
      `blobstorage.${increment}.delta.tar`,
    ];
    expect(entriesIn(folder).slice(-3)).toEqual(chain);
    const delta = archiveMembers(join(folder, chain[2] ?? ''));
    expect(delta.filter((name) => name.endsWith('.blob')).length).toBe(1);

    // What a plain tar makes of it, with the recipe's own sequence.
    const byTar = join(scratch, 'by-tar');
    extractAsRecipe(
      chain.slice(1).map((name) => join(folder, name)),
      byTar,
    );
    expect(folderState(byTar)).toEqual(incrementState);

    const both = await expectRestored(site, { state: incrementState });
    expect(existsSync(join(site.blobs, gone))).toBe(false);
    expect(commandsIn(both, 'tar').every((line) => line.includes('--incremental'))).toBe(true);
    expect(commandsIn(both, 'tar').length).toBe(2);
    const one = await expectRestored(site, { words: [full], state: fullState });
    expect(commandsIn(one, 'tar').length).toBe(1);
    expect(one).not.toContain('--incremental');

    // A snapshot is complete and has a `latest`, the archives stay as they are.
    const before = folderState(folder);
    await site.scriptWell('snapshotbackup');
    const snapshots = site.path('var/blobstoragesnapshots');
    expect(entriesIn(snapshots).map(withoutStamp)).toEqual(['.tar', 'latest']);
    expect(folderState(folder)).toEqual(before);
    await expectRestored(site, { script: 'snapshotrestore', state: fullState });
  });

  it('miss no blob that is new, whatever the times of files, folders and the state say', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(INCREMENTAL));
    const folder = site.path('var/blobstoragebackups');
    await site.scriptWell('backup');
    // The kernel's file times lag behind the clock that tar writes down: here, by a day.
    const state = join(folder, entriesIn(folder).find((name) => name.endsWith('.snar')) ?? '');
    const text = readFileSync(state, 'latin1');
    const ahead = text.replace(/(?<=\n)\d+(?=\0)/, (seconds) => String(Number(seconds) + 86_400));
    expect(ahead).not.toBe(text);
    writeFileSync(state, ahead, 'latin1');
    const before = new Map(
      Object.keys(folderState(site.blobs)).map((path) => [path, statSync(join(site.blobs, path))]),
    );
    await commitBlob(site.dataFs);
    for (const path of Object.keys(folderState(site.blobs)).reverse()) {
      const time = before.get(path)?.mtime ?? new Date('2001-01-01');
      utimesSync(join(site.blobs, path), time, time);
    }
    await site.scriptWell('backup');
    const archives = entriesIn(folder).filter((name) => name.endsWith('.tar'));
    expect(archives.map(withoutStamp)).toEqual(['.tar', '.delta.tar']);
    const delta = archiveMembers(join(folder, archives[1] ?? ''));
    expect(delta.filter((name) => name.endsWith('.blob'))).toHaveLength(1);
    await expectRestored(site, { state: blobsOf(site) });
  });

  it('take no folder for another one, whichever inode it has', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(INCREMENTAL));
    const folders = site.path('var/blobstorage/0x00/0x00/0x00/0x00/0x00/0x00');
    const write = (path: string) => {
      mkdirSync(join(folders, path), { recursive: true });
      writeFileSync(join(folders, path, `${randomUUID()}.blob`), path);
    };
    write('0x70/0x01/0x02');
    write('0x71/0x01');
    await site.scriptWell('backup');
    // What the kernel does when it gives inodes again: one goes to the folder above, two are swapped.
    renameSync(join(folders, '0x70/0x01/0x02'), join(folders, 'between'));
    renameSync(join(folders, '0x71'), join(folders, '0x72'));
    rmSync(join(folders, '0x70'), { recursive: true });
    renameSync(join(folders, 'between'), join(folders, '0x70'));
    write('0x70/0x01/0x02');
    write('0x71/0x01');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const backups = site.path('var/blobstoragebackups');
    const archives = entriesIn(backups).filter((name) => name.endsWith('.tar'));
    expect(archives.map(withoutStamp)).toEqual(['.tar', '.delta.tar']);
    const renames: Renaming[] = [];
    await using file = await openFileSource(join(backups, archives[1] ?? ''));
    await inspectArchive(file, {
      signal: new AbortController().signal,
      onFolder: (folder) => renames.push(...folder.renames),
    });
    expect(renames).toEqual([]);
    // A point of a chain has all of its blobs, not only those of its last archive.
    const [before, after] = documentOf(await site.run(['list', '--json'])).points;
    expect(after.blobs.files).toBe(
      Object.keys(blobsOf(site)).filter((one) => one.endsWith('.blob')).length,
    );
    expect(after.blobs.files).toBeGreaterThan(before.blobs.files);
    await expectRestored(site, { state: blobsOf(site) });
  });

  it('go by the clock where only blobs are backed up; a full run begins a chain', async () => {
    const only = [...INCREMENTAL, 'only_blobs = true', 'enable_fullbackup = true', 'keep = 1'];
    const site = await newBuildoutSite(scratch, recipeCfg(only));
    const folder = site.path('var/blobstoragebackups');
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    expect(entriesIn(folder).map(withoutStamp)).toEqual([
      '.snar',
      '.tar',
      '.delta.tar',
      '.delta.tar',
    ]);
    await expectRestored(site, { state: blobsOf(site) });
    await site.scriptWell('fullbackup');
    // `keep` counts sets: the former chain went whole, deltas first.
    expect(entriesIn(folder).map(withoutStamp)).toEqual(['.snar', '.tar']);
    await expectRestored(site, { state: blobsOf(site) });
  });
});

describe('zips', () => {
  it('are one full pair, whatever keep says, and can be taken elsewhere', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([BLOBS, 'enable_zipbackup = true', 'keep = 42']),
    );
    await site.scriptWell('zipbackup');
    await commitBlob(site.dataFs);
    await site.scriptWell('zipbackup');
    const folder = site.path('var/blobstoragezips');
    expect(entriesIn(folder)).toEqual(['blobstorage.0.tar']);
    expect(dataFilesIn(site.path('var/zipbackups')).map(withoutStamp)).toEqual(['.fsz']);
    const before = blobsOf(site);
    await commitBlob(site.dataFs);
    await site.scriptWell('ziprestore', '-n');
    expect(folderState(site.blobs)).toEqual(before);
  });
});

describe('three ways to keep blobs', () => {
  it.each([
    ['directories without gzip', [BLOBS, 'gzip = false'], '.fs', ''],
    ['archives with gzip', [...ARCHIVE, 'gzip = true'], '.fsz', '.tar'],
    ['compressed archives', [...ARCHIVE, 'compress_blob = true'], '.fsz', '.tar.gz'],
  ])('%s: backup, snapshot and both restores', async (_, lines, dataEnding, ending) => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    await site.scriptWell('backup');
    const backedUp = blobsOf(site);
    await commitBlob(site.dataFs);
    await site.scriptWell('snapshotbackup');
    const inSnapshot = blobsOf(site);
    for (const [script, data, blobs, state] of [
      ['restore', 'backups', 'blobstoragebackups', backedUp],
      ['snapshotrestore', 'snapshotbackups', 'blobstoragesnapshots', inSnapshot],
    ] as const) {
      expect(dataFilesIn(site.path('var', data)).map(withoutStamp)).toEqual([dataEnding]);
      expect(entriesIn(site.path('var', blobs)).map(withoutStamp)).toEqual([ending, 'latest']);
      await site.scriptWell(script, '-n');
      expect(committed(folderState(site.blobs))).toEqual(state);
    }
  });
});

/** What follows the stamp in a name. */
function withoutStamp(name: string): string {
  return name.replace(/^.*\d{4}(-\d\d){5}/, '');
}

/** The command lines of a program in what a script printed. */
function commandsIn(output: string, program: string): readonly string[] {
  return output.split('\n').filter((line) => new RegExp(`\\b${program} --`).test(line));
}
