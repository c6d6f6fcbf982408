import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { parseStamp } from '../../repository/layout/stamp.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { cleanUpOrphanRecords } from './orphan-records.ts';
import { describeFile, writeRecordBeside } from './record.ts';

const scratch = scratchFolder();
let made = 0;

/** A folder with these archives, and records of them under the names that are given. */
async function folderWith(archives: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(scratch, `${++made}`);
  mkdirSync(folder);
  const stamp = parseStamp('2026-01-01-00-00-00');
  if (stamp === undefined) throw new Error('a stamp is a stamp');
  for (const [name, record] of Object.entries(archives)) {
    writeFileSync(join(folder, name), `content of ${name}`);
    const archive = await describeFile(folderStore(folder), name);
    await writeRecordBeside(folderStore(folder), record.slice(0, -'.json'.length), {
      format: 1,
      tool: 'zodbvault',
      madeAt: '',
      stamp,
      repository: null,
      origin: 'made',
      archive,
    });
  }
  return folder;
}

describe('cleanUpOrphanRecords', () => {
  it('gives an archive that was renamed its record', async () => {
    const folder = await folderWith({ 'b.2.tar': 'b.2.tar.json', 'b.1.tar': 'b.0.tar.json' });
    const record = readFileSync(join(folder, 'b.0.tar.json'), 'utf8');
    await cleanUpOrphanRecords(folderStore(folder));
    expect(readdirSync(folder).sort()).toEqual([
      'b.1.tar',
      'b.1.tar.json',
      'b.2.tar',
      'b.2.tar.json',
    ]);
    expect(readFileSync(join(folder, 'b.1.tar.json'), 'utf8')).toBe(record);
  });

  it('removes the record of an archive that is nowhere', async () => {
    const folder = await folderWith({ 'b.1.tar.gz': 'b.0.tar.gz.json' });
    writeFileSync(join(folder, 'b.1.tar.gz'), 'another one');
    await cleanUpOrphanRecords(folderStore(folder));
    expect(readdirSync(folder)).toEqual(['b.1.tar.gz']);
  });

  it('leaves alone what is no record of ours', async () => {
    const folder = await folderWith({});
    const names = ['b.0.tar.json', 'notes.json', 'b.0.json'];
    for (const name of names) writeFileSync(join(folder, name), '{}');
    await cleanUpOrphanRecords(folderStore(folder));
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
  });
});
