import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { OpenBlobFolder } from './open-blob-folder.ts';

const scratch = scratchFolder();
let made = 0;

/** A folder with these entries: a name, and its time in UTC; one with `.tar` is a file. */
function folderWith(entries: Readonly<Record<string, string>>): string {
  const folder = join(scratch, `${++made}`);
  mkdirSync(folder);
  for (const [name, time] of Object.entries(entries)) {
    const path = join(folder, name);
    if (name.includes('.tar')) writeFileSync(path, 'x');
    else mkdirSync(path);
    utimesSync(path, new Date(time), new Date(time));
  }
  return folder;
}

function catalogueIn(folder: string, base: string) {
  return new OpenBlobFolder(folderStore(folder)).catalogue(base);
}

async function stampsOf(folder: string, base = 'b') {
  const { entries } = await catalogueIn(folder, base);
  return entries.map(({ name, stamp }) => [name, stamp]);
}

describe('catalogue of a blob folder', () => {
  it('takes the order of numbered copies from their numbers, never from a younger file time', async () => {
    const folder = folderWith({ 'b.0': '2026-01-03', 'b.1': '2026-01-05', 'b.2': '2026-01-01' });
    expect(await stampsOf(folder)).toEqual([
      ['b.0', '2026-01-03-00-00-00'],
      ['b.1', '2026-01-03-00-00-00'],
      ['b.2', '2026-01-01-00-00-00'],
    ]);
  });

  it('numbers copies and archives apart: a new archive is not as old as an old copy', async () => {
    const folder = folderWith({
      'b.0': '2025-01-02',
      'b.1': '2025-01-01',
      'b.0.tar': '2026-01-02',
      'b.1.tar': '2026-01-01',
    });
    expect(await stampsOf(folder)).toEqual([
      ['b.0.tar', '2026-01-02-00-00-00'],
      ['b.1.tar', '2026-01-01-00-00-00'],
      ['b.0', '2025-01-02-00-00-00'],
      ['b.1', '2025-01-01-00-00-00'],
    ]);
  });

  it('puts a numbered copy of today before a stamped one of last year', async () => {
    const folder = folderWith({ 'b.2025-01-01-00-00-00': '2026-02-02', 'b.0': '2026-01-01' });
    expect((await stampsOf(folder)).map(([name]) => name)).toEqual([
      'b.0',
      'b.2025-01-01-00-00-00',
    ]);
  });

  it('takes copies of one other name for its own, but not those of two', async () => {
    const one = folderWith({ 'old.0': '2026-01-01', 'old.1': '2026-01-01' });
    expect(await catalogueIn(one, 'b')).toMatchObject({ foreign: [], entries: [{}, {}] });
    const two = folderWith({ 'old.0': '2026-01-01', '.0': '2026-01-01' });
    expect(await catalogueIn(two, 'b')).toMatchObject({ foreign: [{}, {}], entries: [] });
    const own = folderWith({ 'old.0': '2026-01-01', 'b.0': '2026-01-01' });
    expect(await catalogueIn(own, 'b')).toMatchObject({
      foreign: [{ name: 'old.0' }],
      entries: [{ name: 'b.0' }],
    });
  });

  it('passes over links that lead nowhere, strange names, and a folder that is not there', async () => {
    const folder = folderWith({
      'b.0': '2026-01-01',
      latest: '2026-01-01',
      'lost+found': '2026-01-01',
    });
    symlinkSync('nowhere', join(folder, 'b.2026-01-01-00-00-00'));
    expect(await stampsOf(folder)).toEqual([['b.0', '2026-01-01-00-00-00']]);
    expect(await stampsOf(join(scratch, 'absent'))).toEqual([]);
  });
});
