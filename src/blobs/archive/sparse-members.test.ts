import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { Failure } from '../../system/failure.ts';
import { ArchiveReading } from './inspect-archive.ts';

const scratch = scratchFolder();
const BLOCK = 4096;

/** A file with holes between so many blocks of data, and behind the last. */
function makeSparse(path: string, pieces: number): number {
  const file = openSync(path, 'w');
  for (let piece = 0; piece < pieces; piece += 1) {
    writeSync(file, Buffer.alloc(BLOCK, 'x'), 0, BLOCK, 3 * BLOCK * piece + BLOCK);
  }
  const sizeBytes = 3 * BLOCK * pieces + 100_000;
  ftruncateSync(file, sizeBytes);
  closeSync(file);
  return sizeBytes;
}

/** An archive of GNU tar: a file with holes, a plain one behind it, and one with another number of pieces. */
function archiveOf(pieces: number): { readonly bytes: Buffer; readonly sizes: readonly number[] } {
  const folder = join(scratch, `pieces-${pieces}`);
  mkdirSync(folder);
  const one = makeSparse(join(folder, 'a'), pieces);
  const plain = openSync(join(folder, 'b'), 'w');
  writeSync(plain, 'plain');
  closeSync(plain);
  const other = makeSparse(join(folder, `${'long'.repeat(40)}-name`), 1);
  const path = `${folder}.tar`;
  const names = ['a', 'b', `${'long'.repeat(40)}-name`];
  execFileSync('tar', ['-cf', path, '--format=gnu', '--sparse', '-C', folder, ...names]);
  return { bytes: readFileSync(path), sizes: [one, 5, other] };
}

const fault = (state: string) => new Failure('damaged', state, { hint: 'Look.' });

async function read(bytes: Buffer, chunkBytes: number) {
  const sizes: number[] = [];
  const reading = await ArchiveReading.begin({ fault, onFile: (_, size) => sizes.push(size) });
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await reading.feed(bytes.subarray(at, at + chunkBytes));
  }
  return { ...(await reading.end()), sizes };
}

describe('files with holes in an archive', () => {
  it.each([0, 1, 3, 4, 5, 24, 25, 26, 60])(
    'count with all of their bytes, with %i pieces of data',
    async (pieces) => {
      const { bytes, sizes } = archiveOf(pieces);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(bytes.length).toBeLessThan((pieces + 8) * BLOCK + 10_240);
      for (const chunkBytes of [1, 100, 511, 512, 513, 5000, bytes.length]) {
        expect(await read(bytes, chunkBytes)).toEqual({ files: 3, bytes: total, sizes });
      }
    },
  );

  it('are a fault where the map is another, or cut off', async () => {
    const { bytes } = archiveOf(30);
    const at = bytes.indexOf('ustar  \0', 0, 'latin1') - 257;
    // The second piece of the block behind the header, and a number that is none.
    for (const damage of ['00000000001\0', 'no number\0\0\0']) {
      const damaged = Buffer.from(bytes);
      damaged.write(damage, at + 512 + 36, 'latin1');
      expect(await outcomeOf(() => read(damaged, 4000))).toMatchObject({
        kind: 'failure',
        code: 'damaged',
      });
    }
    for (const length of [300, 512, 700, 1024, 1500, 9000]) {
      expect(await outcomeOf(() => read(bytes.subarray(0, length), 4000))).toMatchObject({
        kind: 'failure',
        code: 'damaged',
      });
    }
  });
});
