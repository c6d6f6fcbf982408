import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OpenBackups } from '../../src/blobs/open-backups.ts';
import { openPoint } from '../../src/operations/run/open-point.ts';
import { openLog } from '../../src/repository/content/open-log.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import { openState } from '../../src/states/open-state.ts';
import type { State } from '../../src/states/state.ts';
import { folderStore } from '../../src/stores/folder-store.ts';
import { forwardingTo } from '../../src/stores/forwarding-store.ts';
import { writeUnnamedFile } from '../../src/system/derived/unnamed-file.ts';
import { openFileSource } from '../../src/system/files/byte-source.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const noBlobs = async () => undefined;

/** A site with a full backup and two increments. */
async function backedUp(...words: readonly string[]): Promise<TestSite> {
  const site = await newSite(scratch);
  await site.runWell('backup', ...words);
  for (const transactions of [3, 2]) {
    await growDatabase(site.dataFs, { transactions });
    await site.runWell('backup', ...words);
  }
  return site;
}

const indexesOf = ({ repository }: TestSite) =>
  readdirSync(repository)
    .filter((name) => name.endsWith('.records'))
    .sort()
    .map((name) => join(repository, name));

/** The newest backup, and how many of its files were read from end to end for it. */
async function openNewest({ repository }: TestSite) {
  let streamed = 0;
  const backups = new OpenBackups((path, how) => {
    const store = folderStore(path, how);
    return {
      ...forwardingTo(store),
      open: async (name) => {
        const source = await store.open(name);
        const stream: typeof source.stream = (range) => {
          streamed += 1;
          return source.stream(range);
        };
        const readInto: typeof source.readInto = (target, position) => {
          if (target.length === source.sizeBytes) streamed += 1;
          return source.readInto(target, position);
        };
        return { ...source, stream, readInto };
      },
    };
  });
  const how = { target: LATEST_BACKUP, aim: 'open', backups } as const;
  const { store, point } = await openPoint(repository, how);
  const log = await openLog(store, {
    point,
    unpack: (content, file) => writeUnnamedFile(content, { folder: scratch, ...file }),
  });
  return { state: await openState(log, { findBlob: noBlobs }), streamed: () => streamed };
}

async function expectSame(state: State, { dataFs }: TestSite): Promise<void> {
  await using live = await openState(await openFileSource(dataFs), { findBlob: noBlobs });
  expect([state.tid, state.sizeBytes]).toEqual([live.tid, live.sizeBytes]);
  const oids = [...live.oids()];
  expect([...state.oids()]).toEqual(oids);
  expect(oids.length).toBeGreaterThan(20);
  for (const oid of oids) expect(await state.load(oid)).toEqual(await live.load(oid));
}

describe('a record index', () => {
  it('stands beside each backup, and a state is opened without reading the backups', async () => {
    const site = await backedUp();
    expect(indexesOf(site)).toHaveLength(3);
    const { state, streamed } = await openNewest(site);
    expect(streamed()).toBe(0);
    await using opened = state;
    await expectSame(opened, site);
    await site.runWell('verify');
  });

  it.each(['another byte', 'no end', 'nothing'])(
    'with %s counts for nothing: its backup is read',
    async (what) => {
      const site = await backedUp('--no-gzip');
      const [, second = ''] = indexesOf(site);
      const bytes = readFileSync(second);
      if (what === 'another byte') {
        bytes.writeUInt8((bytes.at(-9) ?? 0) ^ 1, bytes.length - 9);
        writeFileSync(second, bytes);
      } else if (what === 'no end') writeFileSync(second, bytes.subarray(0, -20));
      else rmSync(second);
      const { state, streamed } = await openNewest(site);
      expect(streamed()).toBe(1);
      await using opened = state;
      await expectSame(opened, site);
    },
  );

  it('goes with its backup', async () => {
    const site = await backedUp();
    const stamp = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
    await site.runWell('delete', stamp, '-n');
    expect(indexesOf(site)).toHaveLength(2);
  });

  it('without its data file is cleared away by the next backup', async () => {
    const site = await backedUp();
    const stamp = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
    for (const name of readdirSync(site.repository)) {
      const isLeft = name.endsWith('.json') || name.endsWith('.records');
      if (name.startsWith(stamp) && !isLeft) rmSync(join(site.repository, name));
    }
    const dat = join(site.repository, `${site.dataFiles()[0]?.slice(0, 19)}.dat`);
    writeFileSync(dat, readFileSync(dat, 'utf8').split('\n').slice(0, 2).join('\n').concat('\n'));
    await site.run(['backup']);
    expect(existsSync(join(site.repository, `${stamp}.records`))).toBe(false);
  });

  it('is made for a backup of another program that is adopted', async () => {
    const site = await backedUp();
    for (const name of readdirSync(site.repository)) {
      if (/^\d.*\.(json|records)$/.test(name)) rmSync(join(site.repository, name));
    }
    await site.runWell('adopt', site.repository);
    expect(indexesOf(site)).toHaveLength(3);
    const { state, streamed } = await openNewest(site);
    expect(streamed()).toBe(0);
    await using opened = state;
    await expectSame(opened, site);
  });
});
