import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import type { BlobFormat } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { readSiteHealth } from '../src/operations/inspect/site-health.ts';
import { listSite } from '../src/operations/list/list-site.ts';
import { testRestore } from '../src/operations/restore/test-restore.ts';
import { verifySite } from '../src/operations/verify/verify-site.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { folderStore } from '../src/stores/folder-store.ts';
import type { TreeReader } from '../src/stores/tree-reader.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite } from './support/site.ts';

const scratch = scratchFolder();

/** Folders whose stores have names that lead nowhere: who takes one for a path finds nothing. */
function namedOtherwise(): OpenBackups {
  return new OpenBackups((path, how) => {
    const store = folderStore(path, how);
    const name = `store:${basename(path)}`;
    const nameOf = (one: string) => `${one} in ${name}`;
    return { ...store, name, nameOf, tree: (one) => treeNamed(nameOf(one), store.tree(one)) };
  });
}

function treeNamed(name: string, tree: TreeReader): TreeReader {
  const nameOf = (path: string) => `${path} in ${name}`;
  return { ...tree, name, nameOf, below: (path) => treeNamed(nameOf(path), tree.below(path)) };
}

const FORMATS: readonly BlobFormat[] = [
  { kind: 'directories', naming: 'stamps' },
  { kind: 'directories', naming: 'numbers' },
  { kind: 'archives', naming: 'numbers', compression: 'gzip' },
  { kind: 'incremental-archives', compression: 'none' },
];

describe('store with a name that is no path', () => {
  it.each(FORMATS.map((format) => [Object.values(format).join(', '), format] as const))(
    'is backed up to, looked at and restored from: blobs as %s',
    async (_, blobFormat) => {
      const test = await newSite(scratch, 5);
      const found = await findPlainSite(test.folder, {
        written: NOTHING_NAMED,
        purpose: 'backup',
      });
      const site = { ...found.site, blobFormat, keep: 1 };
      for (let day = 1; day <= 4; day++) {
        await growDatabase(test.dataFs, { transactions: 1 });
        const now = () => new Date(Date.UTC(2026, 2, day, 2));
        const full = day % 2 === 1 ? 'always' : 'as-set';
        await backUpSite(
          { ...BY_NODE, site, full, now },
          { ...quietContext(), backups: namedOtherwise() },
        );
      }
      const context = () => ({ ...quietContext(), backups: namedOtherwise() });
      const [place] = await listSite(site, { kind: 'all', backups: namedOtherwise() });
      expect(
        place?.points.map((point) => point.kind === 'filestorage' && point.blobs),
      ).toMatchObject([
        { kind: 'found', match: 'exact' },
        { kind: 'found', match: 'exact' },
      ]);
      const now = () => new Date(Date.UTC(2026, 2, 4, 3));
      const health = await readSiteHealth(site, { now: now(), context: context() });
      expect(health.places.flatMap(({ problems }) => problems)).toEqual([]);
      const depth = { kind: 'all', depth: 'thorough', chains: 'all' } as const;
      for (const { findings, blobFindings } of await verifySite(
        { site, ...depth, now },
        context(),
      )) {
        const all = [...findings, ...blobFindings];
        expect(all.filter(({ kind }) => kind === 'bad')).toEqual([]);
        expect(findings.length).toBeGreaterThan(1);
        expect(blobFindings.length).toBeGreaterThan(0);
      }
      const folder = join(scratch, 'restored');
      const how = { folder, isComparedWithLive: false, now };
      const what = { site, kind: 'backup', wanted: LATEST_BACKUP, ...how } as const;
      const { storages } = await testRestore(what, context());
      expect(storages.flatMap(({ point }) => point.findings)).toEqual([]);
      const dat = readdirSync(test.repository).find((name) => name.endsWith('.dat')) ?? '';
      expect(readFileSync(join(test.repository, dat), 'utf8')).toContain('store:backups/');
    },
    120_000,
  );
});
