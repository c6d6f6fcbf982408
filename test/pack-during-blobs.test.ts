import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { Failure } from '../src/system/failure.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { growDatabase } from './support/database.ts';
import { packDatabase } from './support/pack.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite } from './support/site.ts';

const scratch = scratchFolder();

/** Backs up a site; `onBlobs` is called when its Data.fs is backed up and its blobs are not. */
async function backUpWith(folder: string, onBlobs: (attempt: number) => void) {
  const { site } = await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const events: JobEvent[] = [];
  let attempts = 0;
  const onEvent = (event: JobEvent) => {
    events.push(event);
    if (event.kind === 'blobs-begin') {
      attempts += 1;
      onBlobs(attempts);
    }
  };
  const settings = {
    ...BY_NODE,
    site,
    full: 'as-set',
    now: () => new Date(),
  } as const;
  await backUpSite(settings, quietContext(onEvent));
  return { attempts, events };
}

/** Packs a copy of a database beside it; the function that is returned puts it in its place. */
async function preparePack(dataFs: string, name: string): Promise<() => void> {
  const packed = `${dataFs}.${name}`;
  copyFileSync(dataFs, packed);
  await packDatabase(packed);
  return () => renameSync(packed, dataFs);
}

describe('a pack between the Data.fs and its blobs', () => {
  it('is noticed, and the backup made again of what is there then', async () => {
    const site = await newSite(scratch);
    const blobs = join(site.folder, 'var/blobstorage');
    const [blob = ''] = readdirSync(blobs, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.blob'),
    );
    const pack = await preparePack(site.dataFs, 'packed');
    const { attempts, events } = await backUpWith(site.folder, (attempt) => {
      if (attempt > 1) return;
      rmSync(join(blobs, blob));
      pack();
    });
    expect(attempts).toBe(2);
    const notices = events.flatMap((event) => (event.kind === 'notice' ? [event] : []));
    expect(notices).toEqual([
      { kind: 'notice', code: 'packed-during-backup', source: site.dataFs },
    ]);
    const names = site.dataFiles();
    expect(names.length).toBe(1); // The first attempt is gone, with its blobs.
    expect(existsSync(join(site.repository, `${names[0]?.slice(0, 19)}.complete.json`))).toBe(true);
    expect(readdirSync(join(site.folder, 'var/blobstoragebackups')).length).toBe(2 + 1);
    const newest = `blobstorage.${names.at(-1)?.slice(0, 19)}`;
    const entry = join(site.folder, 'var/blobstoragebackups', newest, 'blobstorage');
    expect(existsSync(join(entry, blob))).toBe(false);
    expect(existsSync(join(entry, '.layout'))).toBe(true);
  });

  it('in every attempt is a failure, and nothing old is removed', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    const before = site.dataFiles();
    const packs: (() => void)[] = [];
    for (const name of ['1', '2', '3']) packs.push(await preparePack(site.dataFs, name));
    const error = await backUpWith(site.folder, () => packs.pop()?.()).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error instanceof Failure && error.code).toBe('refused');
    for (const name of before) expect(site.dataFiles()).toContain(name);
    const marks = readdirSync(site.repository).filter((name) => name.endsWith('.complete.json'));
    expect(marks).toEqual(before.map((name) => `${name.slice(0, 19)}.complete.json`));
    const [good = ''] = before;
    const listed = (await site.runWell('list')).stdout;
    expect(listed.match(/ incomplete /g)?.length).toBe(site.dataFiles().length - 1);
    expect((await site.run(['verify'])).status).toBe(1);
    expect((await site.run(['check'])).status).toBe(2);
    const refused = await site.run(['restore', '-n']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`"zodbvault restore -n ${good.slice(0, 19)}"`);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--keep', '1');
    // The third attempt has the Data.fs that is there now: what is new builds on it.
    expect(site.dataFiles().map((name) => name.replace(/^.*?\./, ''))).toEqual(['fsz', 'deltafsz']);
    await site.runWell('restore', '-n');
  });
});
