import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveAsRecipe } from '../../../test/support/archives.ts';
import { folderState } from '../../../test/support/buildout-site.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { UNWATCHED } from '../../system/streams/progress.ts';
import { OpenBlobFolder } from '../layout/open-blob-folder.ts';
import { readChain } from './read-chain.ts';
import { extractArchive } from './tar.ts';

const scratch = scratchFolder();
const signal = new AbortController().signal;

describe('chain that is read', () => {
  const source = join(scratch, 'b');
  const folder = join(scratch, 'backups');
  const store = folderStore(folder);
  const write = (path: string) => {
    mkdirSync(join(source, path, '..'), { recursive: true });
    writeFileSync(join(source, path), path);
  };
  const archive = (day: number, ending: string) =>
    archiveAsRecipe(source, {
      to: join(folder, `b.2026-01-0${day}-00-00-00${ending}`),
      state: join(folder, 'b.2026-01-01-00-00-00.snar'),
    });

  mkdirSync(folder);
  write('0x00/0x01/one');
  write('0x00/0x02/two');
  archive(1, '.tar');
  write('0x00/0x03/three');
  write('0x00/0x05/five');
  archive(2, '.delta.tar');
  // A folder changes places with another, and one moves into a new one.
  renameSync(join(source, '0x00/0x01'), join(source, 'x'));
  renameSync(join(source, '0x00/0x02'), join(source, '0x00/0x01'));
  renameSync(join(source, 'x'), join(source, '0x00/0x02'));
  mkdirSync(join(source, '0x01'));
  renameSync(join(source, '0x00/0x03'), join(source, '0x01/0x04'));
  rmSync(join(source, '0x00/0x01/two'));
  write('0x00/0x01/four');
  archive(3, '.delta.tar');

  const archives = async () => {
    const { entries } = await new OpenBlobFolder(store).catalogue('b');
    return entries.filter(({ form }) => form !== 'state').reverse();
  };

  it('lacks nothing where folders were renamed', async () => {
    const read = await readChain(await archives(), { store, signal, progress: UNWATCHED });
    expect(read.lacking).toBeUndefined();
    expect(read.listed.flatMap(({ renames }) => renames).length).toBeGreaterThan(2);
  });

  it('is unpacked by tar as it was, although folders changed places', async () => {
    const target = join(scratch, 'unpacked');
    mkdirSync(target);
    for (const { name } of await archives()) {
      await using file = await store.open(name);
      await extractArchive(file, {
        target,
        kind: 'of-a-chain',
        onCommand: () => {},
        signal,
        progress: UNWATCHED,
      });
    }
    expect(folderState(target)).toEqual(folderState(source));
  });

  it('lacks what was in a delta that is lost', async () => {
    const [full, , last] = await archives();
    if (full === undefined || last === undefined) throw new Error('three archives');
    const read = await readChain([full, last], { store, signal, progress: UNWATCHED });
    expect(read.lacking).toBe('./0x00/0x05/five');
  });
});
