import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Oid } from '../../src/filestorage/oid.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { forgeFingerprints } from '../support/forge-fingerprints.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** Adds an object that nothing leads to. Another one is in the last transaction, so that a pack leaves that one. */
async function addGarbage(site: TestSite): Promise<Oid> {
  await using writer = await openDatabase(site.dataFs);
  const oid = writer.newOid();
  for (const one of [oid, writer.newOid()]) {
    const data = new Map([['a', 'b']]);
    await writer.commit({
      changes: [{ kind: 'state', oid: one, state: { kind: 'mapping', data } }],
    });
  }
  return oid;
}

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
    const oid = await addGarbage(site);
    await site.runWell('backup');
    await packDatabase(site.dataFs);
    const unchanged = await site.runWell('diff', '--quick', 'latest', site.dataFs);
    expect(unchanged.stdout).toMatch(/have the same \d+ objects\n$/);
    await packDatabase(site.dataFs, { garbage: new Set([oid]) });
    const packed = await site.runWell('diff', '--quick', 'latest', site.dataFs);
    expect(packed.stdout).toContain('one of them was packed since');
  });

  it('tells of a pack that removed nothing else, where both were verified deeply', async () => {
    const site = await newSite(scratch);
    const garbage = await addGarbage(site);
    await site.runWell('backup');
    const first = site.dataFiles()[0]?.slice(0, 19) ?? '';
    await packDatabase(site.dataFs, { garbage: new Set([garbage]) });
    await site.runWell('backup', '--full');
    await site.runWell('verify', '--deep', '--all');
    const [comparison] = documentOf(
      await site.runWell('diff', '--quick', '--json', first),
    ).comparisons;
    expect(comparison).toMatchObject({ outcome: 'packed', reachable: 'same' });
    expect(comparison.from.objects).toBe(comparison.to.objects + 1);
    const { stdout } = await site.runWell('diff', '--quick', first);
    expect(stdout).toMatch(/the \d+ objects that the root leads to are the same\n$/);
  });

  it('does not read again what a verification has read', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await site.runWell('verify', '--deep');
    const words = ['diff', '--quick', 'latest', site.dataFs] as const;
    expect((await site.runWell(...words)).stdout).toContain('have the same');
    forgeFingerprints(site.repository);
    expect((await site.runWell(...words)).stdout).toContain('are different');
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
