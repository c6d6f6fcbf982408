import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Oid } from '../../src/filestorage/oid.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describe('zodbvault diff --quick', () => {
  it('tells whether a live Data.fs, backups and a restored one have the same objects', async () => {
    const site = await newSite(scratch);
    const outcomeOf = async (...words: readonly string[]) => {
      const [found] = documentOf(
        await site.runWell('diff', '--quick', '--json', ...words),
      ).comparisons;
      return found;
    };
    await site.runWell('backup');
    const first = site.dataFiles()[0]?.slice(0, 19) ?? '';
    const same = await outcomeOf('latest', site.dataFs);
    expect(same).toMatchObject({ storage: 'Data', outcome: 'same', from: { stamp: first } });
    expect(same.from.fingerprint).toBe(same.to.fingerprint);
    expect(same.to.dataFs).toBe(site.dataFs);

    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--no-gzip');
    expect((await outcomeOf(first)).outcome).toBe('different');
    expect((await outcomeOf(site.dataFs, 'latest')).outcome).toBe('same');
    const text = await site.runWell('diff', '--quick', first);
    expect(text.stdout).toMatch(/^Data: \S+ and \S+ are different\n$/);

    const restored = join(site.folder, 'restored');
    await site.runWell('restore', '-n', '--to', restored, first);
    const copy = join(restored, 'filestorage/Data.fs');
    expect((await outcomeOf(first, copy)).outcome).toBe('same');
    const files = await outcomeOf(copy, site.dataFs);
    expect([files.outcome, files.storage]).toEqual(['different', undefined]);
  });

  it('tells of a pack, which takes objects away', async () => {
    const site = await newSite(scratch);
    let oid: Oid;
    {
      await using writer = await openDatabase(site.dataFs);
      const garbage = writer.newOid();
      oid = garbage;
      const state = { kind: 'mapping', data: new Map([['a', 'b']]) } as const;
      await writer.commit({ changes: [{ kind: 'state', oid: garbage, state }] });
    }
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    await packDatabase(site.dataFs);
    const unchanged = await site.runWell('diff', '--quick', 'latest', site.dataFs);
    expect(unchanged.stdout).toMatch(/have the same \d+ objects\n$/);
    await packDatabase(site.dataFs, { garbage: new Set([oid]) });
    const packed = await site.runWell('diff', '--quick', 'latest', site.dataFs);
    expect(packed.stdout).toContain('one of them was packed since');
  });

  it('refuses a Data.fs that is not there', async () => {
    const site = await newSite(scratch);
    const missing = await site.run(['diff', '--quick', './no.fs', site.dataFs]);
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringContaining('it does not exist'),
    ]);
  });
});
