import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import { retarget } from '../src/config/model/relocate-site.ts';
import type { Site } from '../src/config/model/site.ts';
import { writePlainSite } from '../src/operations/from-copy/plain/write-plain-site.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import { restoreSite } from '../src/operations/restore/restore-site.ts';
import { parseRestoreTarget } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import type { ObjectStore } from '../src/stores/objects/object-store.ts';
import { Failure } from '../src/system/failure.ts';
import {
  type CopiedTestSite,
  copiedSite,
  expectSameBlobs,
  filesBelow,
  seenFrom,
  stampOfDay,
} from './support/copied-site.ts';
import { outcomeOf } from './support/outcome.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const WORK = '.zodbvault-unfinished';
const now = () => new Date(Date.UTC(2026, 2, 9));
let made = 0;

const FORMS: readonly (readonly [string, Partial<Site>])[] = [
  ['copies of the blobs', {}],
  ['chains of archives', { blobFormat: { kind: 'incremental-archives', compression: 'gzip' } }],
  ['no blobs', { contents: 'filestorages' }],
];

function newFolder(): string {
  return join(scratch, `plain-${++made}`);
}

/** Writes a copy to a folder, and gives the site that is there then. */
async function write(store: ObjectStore, folder: string): Promise<Site> {
  const { site, context, backups } = await seenFrom(store, { chain: 'whole', folder });
  await using _backups = backups;
  await writePlainSite({ site, folder, from: 'nas', now }, context);
  return site;
}

async function restored(site: Site, stamp: string) {
  const to = newFolder();
  await restoreSite(
    {
      ...{ site: retarget(site, to), kind: 'backup', wanted: parseRestoreTarget(stamp), now },
      ...{ heldLock: 'refuse', earlierState: 'append', old: 'keep', guess: 'refuse' },
      ...{ damagedBlobs: 'refuse', agreed: undefined },
    },
    quietContext(),
  );
  return { dataFs: join(to, 'filestorage/Data.fs'), blobs: join(to, 'blobstorage') };
}

/** A store of which nothing can be read any more after so many reads. */
function breaksAfter(store: ObjectStore, reads: number): ObjectStore {
  let left = reads;
  return {
    ...store,
    read: (key, range) => {
      left -= 1;
      if (left >= 0) return store.read(key, range);
      throw new Failure('system', `Cannot read "${key}": the connection was lost`, {
        hint: 'Wait.',
      });
    },
  };
}

describe('a copy that is written to a folder', () => {
  it.each(FORMS)(
    'is the backups as the site has them, with %s',
    async (_, change) => {
      const { test, site, place, states } = await copiedSite(scratch, change);
      const folder = newFolder();
      const plain = await write(folderObjects(place), folder);
      const hasBlobs = change.contents !== 'filestorages';
      const folders = hasBlobs ? ['backups', 'blobstoragebackups'] : ['backups'];
      expect(readdirSync(folder).sort()).toEqual(folders);
      const files = /\.(deltafs|fs)z?$|\.index$|\.records$/;
      const names = readdirSync(test.repository).filter((name) => files.test(name));
      expect(names.length).toBe(15);
      for (const name of names) {
        const there = readFileSync(join(folder, 'backups', name));
        expect(there.equals(readFileSync(join(test.repository, name)))).toBe(true);
      }
      const listed = async (of: Site) =>
        (await listSite(of, { kind: 'backup', backups: new OpenBackups() })).map(({ points }) =>
          points.map((one) => {
            if (one.kind === 'blobs') throw new Error('there is a Data.fs');
            const { checks: __, ...point } = one.point;
            const blobs = one.blobs.kind === 'found' ? one.blobs.match : one.blobs.kind;
            return { point, blobs, run: one.judgement.run };
          }),
        );
      expect(await listed(plain)).toEqual(await listed(site));
      for (const day of [2, 5]) {
        const { dataFs, blobs } = await restored(plain, stampOfDay(day));
        expect(readFileSync(dataFs).equals(states[day - 1] ?? Buffer.alloc(0))).toBe(true);
        if (day === 5 && hasBlobs) expectSameBlobs(blobs, join(test.folder, 'var/blobstorage'));
      }
    },
    120_000,
  );
});

describe('a copy of copies of blobs that is written to a folder', () => {
  let site: CopiedTestSite;

  beforeAll(async () => {
    site = await copiedSite(scratch);
  }, 120_000);

  it('has each revision once, however many backups have it', async () => {
    const folder = newFolder();
    await write(folderObjects(site.place), folder);
    const backups = join(folder, 'blobstoragebackups');
    const blobs = filesBelow(backups).filter((path) => path.endsWith('.blob'));
    const inodes = new Set(blobs.map((path) => statSync(join(backups, path)).ino));
    const revisions = new Set(blobs.map((path) => path.split('/').slice(2).join('/')));
    expect(blobs.length).toBeGreaterThan(revisions.size);
    expect(inodes.size).toBe(revisions.size);
    expect(readdirSync(backups)).toContain('latest');
  }, 60_000);

  it.each([2, 9, 17])(
    'is gone on with after %i reads, and seen when it is complete',
    async (reads) => {
      const folder = newFolder();
      const store = folderObjects(site.place);
      // Those of the records and lists come before anything is written.
      const records = 12;
      const broken = breaksAfter(store, records + reads);
      expect(await outcomeOf(() => write(broken, folder))).toMatchObject({ code: 'system' });
      expect(readdirSync(folder)).toEqual([WORK]);
      const plain = await write(store, folder);
      expect(readdirSync(folder).sort()).toEqual(['backups', 'blobstoragebackups']);
      const { dataFs } = await restored(plain, stampOfDay(5));
      expect(readFileSync(dataFs).equals(site.states[4] ?? Buffer.alloc(0))).toBe(true);
    },
    60_000,
  );

  it('is complete after a kill between two folders that get their places', async () => {
    const folder = newFolder();
    const store = folderObjects(site.place);
    await write(store, folder);
    const before = filesBelow(folder);
    mkdirSync(join(folder, WORK));
    renameSync(join(folder, 'backups'), join(folder, WORK, 'backups'));
    const state = { format: 1, from: 'nas', isComplete: true };
    writeFileSync(join(folder, WORK, 'state.json'), JSON.stringify(state));
    await write(store, folder);
    expect(filesBelow(folder)).toEqual(before);
  }, 60_000);

  it('is refused in a folder with something else, or with a part of another copy', async () => {
    const folder = newFolder();
    const store = folderObjects(site.place);
    mkdirSync(folder);
    writeFileSync(join(folder, 'letter.txt'), '');
    const refused = { kind: 'failure', code: 'refused' };
    expect(await outcomeOf(() => write(store, folder))).toMatchObject(refused);
    expect(readdirSync(folder)).toEqual(['letter.txt']);
    rmSync(join(folder, 'letter.txt'));
    mkdirSync(join(folder, WORK));
    const state = JSON.stringify({ format: 1, from: 'tape', isComplete: false });
    writeFileSync(join(folder, WORK, 'state.json'), state);
    expect(await outcomeOf(() => write(store, folder))).toMatchObject(refused);
    expect(readFileSync(join(folder, WORK, 'state.json'), 'utf8')).toBe(state);
  }, 60_000);

  it.each(['data/Data-backup/', 'blobs/Data/', 'manifests/Data-backup/'])(
    'is not seen where something in %s is damaged',
    async (prefix) => {
      const objects = join(site.place, 'sites/plone');
      const [name = ''] = filesBelow(objects).filter((path) => path.startsWith(prefix));
      const path = join(objects, name);
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      bad.writeUInt8((bad[bad.length >> 1] ?? 0) ^ 0x20, bad.length >> 1);
      writeFileSync(path, bad);
      const folder = newFolder();
      const outcome = await outcomeOf(() => write(folderObjects(site.place), folder));
      writeFileSync(path, good);
      expect(outcome).toMatchObject({ kind: 'failure', code: 'damaged' });
      expect(readdirSync(folder)).toEqual([WORK]);
      await write(folderObjects(site.place), folder);
      expect(readdirSync(folder)).not.toContain(WORK);
    },
    60_000,
  );
});
