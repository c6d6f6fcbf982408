import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles } from '../../../test/support/blobs.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { newSite } from '../../../test/support/site.ts';
import { chooseBlobs } from '../../blobs/layout/choose.ts';
import { OpenBackups } from '../../blobs/open-backups.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { describeState } from '../../cli/render/deep-findings.ts';
import { parseStamp } from '../../repository/layout/stamp.ts';
import { LATEST_BACKUP } from '../../repository/restore-target.ts';
import { openPoint } from '../run/open-point.ts';
import { verifyDeep } from './verify-deep.ts';

const scratch = scratchFolder();

/** A backed-up site, a copy of its data in the place of a restore, and what is found wrong with that copy. */
async function restoredSite() {
  const site = await newSite(scratch, 30);
  await site.runWell('backup');
  const { repository } = site;
  const out = join(site.folder, 'out');
  cpSync(join(site.folder, 'var/filestorage'), out, { recursive: true });
  cpSync(join(site.folder, 'var/blobstorage'), join(out, 'blobs'), { recursive: true });
  cpSync(
    join(repository, `${site.dataFiles()[0]?.slice(0, 19)}.index`),
    join(out, 'Data.fs.index'),
  );
  const place = {
    folder: join(site.folder, 'var/blobstoragebackups'),
    source: join(site.folder, 'var/blobstorage'),
  };
  const blobs = await readOwnBlobs(place, { repository, backups: new OpenBackups() });
  const stamp = parseStamp(site.dataFiles()[0]?.slice(0, 19) ?? '');
  if (stamp === undefined) throw new RangeError('it was backed up');
  const choice = chooseBlobs(blobs, {
    moment: { kind: 'point', stamp, next: undefined },
    preferred: 'directories',
  });
  if (choice === undefined) throw new RangeError('its blobs were backed up');
  const problems = async (): Promise<readonly string[]> => {
    const places = { folder: place.folder, live: place.source, preferred: 'directories' } as const;
    const backups = new OpenBackups();
    const how = { target: LATEST_BACKUP, aim: 'verify', backups } as const;
    const { point } = await openPoint(repository, how);
    const restored = {
      point,
      dataFs: join(out, 'Data.fs'),
      blobs: { tree: join(out, 'blobs'), choice },
    };
    const settings = {
      repository,
      points: { kind: 'restored', restored },
      blobs: places,
      sample: { kind: 'all' },
      isChanges: false,
    } as const;
    const context = {
      onEvent: () => {},
      backups,
      signal: new AbortController().signal,
    };
    const states: string[] = [];
    for await (const { findings } of verifyDeep(settings, context)) {
      states.push(...findings.filter(({ kind }) => kind === 'bad').map(describeState));
    }
    return states;
  };
  return { out, problems };
}

describe('a restore point, in the place of whose files is what came out of a restore,', () => {
  it('is good where that is what was backed up', async () => {
    const { problems } = await restoredSite();
    expect(await problems()).toEqual([]);
  });

  it('is bad where a byte of the Data.fs is another', async () => {
    const { out, problems } = await restoredSite();
    const bytes = readFileSync(join(out, 'Data.fs'));
    bytes.writeUInt8((bytes.at(-30) ?? 0) ^ 1, bytes.length - 30);
    writeFileSync(join(out, 'Data.fs'), bytes);
    expect((await problems()).join()).toContain('md5');
  });

  it('is bad where the Data.fs was cut, or its index is missing', async () => {
    const { out, problems } = await restoredSite();
    rmSync(join(out, 'Data.fs.index'));
    expect((await problems()).join()).toContain('a restore works without an index');
    writeFileSync(join(out, 'Data.fs'), readFileSync(join(out, 'Data.fs')).subarray(0, -1));
    expect((await problems()).length).toBeGreaterThan(1);
  });

  it('is bad where a blob is missing, or has other bytes', async () => {
    const { out, problems } = await restoredSite();
    const [first = '', second = ''] = blobFiles(join(out, 'blobs'));
    writeFileSync(join(out, 'blobs', first), 'other bytes');
    rmSync(join(out, 'blobs', second));
    expect(await problems()).toHaveLength(2);
  });
});
