import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();

/** A full backup of which only one is kept; `meanwhile` is done when the Data.fs is backed up, and the blobs aren't yet. */
async function backUp(test: TestSite, day: number, meanwhile: () => void = () => {}) {
  await growDatabase(test.dataFs, { transactions: 1 });
  const { site } = await findPlainSite(test.folder, {
    written: NOTHING_NAMED,
    purpose: 'backup',
  });
  const warnings: JobEvent[] = [];
  const onEvent = (event: JobEvent) => {
    if (event.kind === 'blobs-begin') meanwhile();
    if (event.kind === 'warning') warnings.push(event);
  };
  const now = () => new Date(Date.UTC(2026, 2, day, 2));
  const how = { kind: 'backup', full: 'always', compressor: 'node', level: undefined } as const;
  const settings = { ...how, site: { ...site, keep: 1 }, now, random: Math.random };
  await backUpSite(settings, quietContext(onEvent));
  return warnings;
}

const blobFolderOf = (test: TestSite) => join(test.folder, 'var/blobstoragebackups');
const copiesOf = (test: TestSite) =>
  readdirSync(blobFolderOf(test)).filter((name) => name !== 'latest' && !name.startsWith('.'));

describe('backups that another program changes while one is made', () => {
  it('stay where a file has come, and go with the next backup', async () => {
    const test = await newSite(scratch);
    expect(await backUp(test, 1)).toEqual([]);
    const [first = ''] = test.dataFiles();
    const foreign = '2026-01-01-00-00-00.fsz';
    const warnings = await backUp(test, 2, () =>
      copyFileSync(join(test.repository, first), join(test.repository, foreign)),
    );
    const folder = test.repository;
    expect(warnings).toEqual([
      { kind: 'warning', code: 'changed-by-others', folder, came: [foreign], went: [] },
    ]);
    expect(test.dataFiles()).toEqual([foreign, first, '2026-03-02-02-00-00.fsz']);
    expect(copiesOf(test)).toHaveLength(2);
    rmSync(join(test.repository, foreign));
    expect(await backUp(test, 3)).toEqual([]);
    expect(test.dataFiles()).toEqual(['2026-03-03-02-00-00.fsz']);
    expect(copiesOf(test)).toEqual(['blobstorage.2026-03-03-02-00-00']);
  });

  it('stay where a file has gone', async () => {
    const test = await newSite(scratch);
    await backUp(test, 1);
    const gone = '2026-03-01-02-00-00.index';
    const warnings = await backUp(test, 2, () => rmSync(join(test.repository, gone)));
    expect(warnings).toMatchObject([{ code: 'changed-by-others', came: [], went: [gone] }]);
    expect(test.dataFiles()).toHaveLength(2);
  });

  it('stay where a blob backup has come, those of the Data.fs, too', async () => {
    const test = await newSite(scratch);
    await backUp(test, 1);
    const foreign = 'blobstorage.2026-01-01-00-00-00';
    const warnings = await backUp(test, 2, () => {
      mkdirSync(join(blobFolderOf(test), foreign, 'blobstorage'), { recursive: true });
    });
    const folder = blobFolderOf(test);
    expect(warnings).toMatchObject([{ code: 'changed-by-others', folder, came: [foreign] }]);
    expect(test.dataFiles()).toHaveLength(2);
    expect(copiesOf(test)).toHaveLength(3);
  });

  it('go where only notes of other runs, and files that are no backups, have come', async () => {
    const test = await newSite(scratch);
    await backUp(test, 1);
    const warnings = await backUp(test, 2, () => {
      copyFileSync(test.dataFs, join(test.repository, 'notes.txt'));
      const checks = join(test.repository, '.zodbvault.checks.json');
      writeFileSync(checks, JSON.stringify({ format: 2, checks: [] }));
    });
    expect(warnings).toEqual([]);
    expect(test.dataFiles()).toEqual(['2026-03-02-02-00-00.fsz']);
    expect(existsSync(join(test.repository, 'notes.txt'))).toBe(true);
  });
});
