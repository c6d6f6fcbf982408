import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { OpenBackups } from '../../blobs/open-backups.ts';
import { readTarget } from '../../cli/options/written-date.ts';
import type { Site } from '../../config/model/site.ts';
import { NOTHING_NAMED } from '../../config/plain/plain-search.ts';
import { findPlainSite } from '../../config/plain/plain-site.ts';
import { settleTarget } from './settle-target.ts';

const scratch = scratchFolder();

/** A site with two storages, the backups of which have these stamps. */
async function siteWith(stamps: { readonly Data: string; readonly shop: string }): Promise<Site> {
  const dataFs = join(scratch, 'var/filestorage/Data.fs');
  mkdirSync(dirname(dataFs), { recursive: true });
  writeFileSync(dataFs, 'FS30');
  const { site } = await findPlainSite(scratch, { written: NOTHING_NAMED, purpose: 'backup' });
  const storages = site.storages.flatMap((storage) =>
    (['shop', 'Data'] as const).map((name) => {
      const filestorage = join(scratch, name);
      mkdirSync(filestorage, { recursive: true });
      writeFileSync(join(filestorage, `${stamps[name]}.fs`), '');
      return { ...storage, name, folders: { ...storage.folders, backup: { filestorage } } };
    }),
  );
  return { ...site, contents: 'filestorages', storages };
}

describe('a date that is later than the clock', () => {
  it('has come for each storage of a site as soon as one of them has seen it', async () => {
    const site = await siteWith({ Data: '2026-03-01-00-00-00', shop: '2026-03-21-00-00-00' });
    const settle = (written: string) => {
      const now = new Date('2026-03-02T00:00:00Z');
      const target = readTarget(written, { terminal: { log: () => {} }, now });
      return settleTarget(target, { site, kind: 'backup', backups: new OpenBackups() });
    };
    expect(await settle('2026-03-20-00-00-00')).toMatchObject({
      kind: 'moment',
      moment: { kind: 'date', isFuture: false },
    });
    expect(await settle('2026-03-21-00-00-00')).toMatchObject({ kind: 'backup', isFuture: false });
    expect(await settle('2026-03-22-00-00-00')).toMatchObject({ moment: { isFuture: true } });
  });
});
