import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { archiveAsRecipe } from '../../../test/support/archives.ts';
import { streamOf } from '../../../test/support/chunks.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { openArchive } from '../../blobs/archive/open-archive.ts';
import { blobPath } from '../../filestorage/blob-layout.ts';
import { oidFrom } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { folderStore } from '../../stores/folder-store.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import { writeUnnamedFile } from '../../system/derived/unnamed-file.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { compressToMembers } from '../../system/streams/gzip/compress.ts';
import { collect } from '../../system/streams/pipeline.ts';
import { blobsInArchive } from './blobs-in-archive.ts';
import { blobsInTree } from './blobs-in-tree.ts';
import { firstWithBlob } from './find-blob.ts';

const folder = scratchFolder();
const source = join(folder, 'blobstorage');
const tid = 0x040d_3526_b672_e077n as Tid;

/** One with nothing in it, small ones, one of several members of gzip, and one with many holes. */
const CONTENTS = new Map([
  [1, Buffer.alloc(0)],
  [2, Buffer.from('a blob')],
  [0x1234, Buffer.alloc(511, 'x')],
  [0x1235, Buffer.alloc(512, 'y')],
  [0x1236, Buffer.alloc(3_000_000, 'some text ')],
  [7, withHoles()],
]);

function withHoles(): Buffer {
  const bytes = Buffer.alloc(3_000_000);
  for (let at = 0; at < bytes.length; at += 100_000) bytes.write(`here ${at}`, at);
  return bytes;
}

for (const [number, content] of CONTENTS) {
  const path = join(source, blobPath('bushy', { oid: oidFrom(number), tid }));
  mkdirSync(dirname(path), { recursive: true });
  if (number !== 7) writeFileSync(path, content);
  else {
    writeFileSync(path, '');
    truncateSync(path, content.length);
    const fd = { encoding: 'latin1', flag: 'r+' } as const;
    writeFileSync(path, '', fd);
    for (let at = 0; at < content.length; at += 100_000) {
      execFileSync('dd', [`of=${path}`, 'bs=1', `seek=${at}`, 'conv=notrunc', 'status=none'], {
        input: `here ${at}`,
      });
    }
  }
}
const long = join(source, 'a'.repeat(90), 'b'.repeat(90));
mkdirSync(long, { recursive: true });
writeFileSync(join(long, 'no blob'), 'x');

const opened = new DisposableStack();
afterAll(() => opened[Symbol.asyncDispose]());

const blobsOf = (name: string) =>
  blobsInArchive(async () =>
    opened.use(
      await openArchive(folderStore(folder), {
        name,
        unpack: (content, file) => writeUnnamedFile(content, { folder, ...file }),
      }),
    ),
  );

async function expectAll(find: ReturnType<typeof blobsInArchive>): Promise<void> {
  for (const [number, content] of CONTENTS) {
    const blob = await find({ oid: oidFrom(number), tid });
    const bytes = blob && (await collect(blob.read()));
    expect([number, blob?.sizeBytes]).toEqual([number, content.length]);
    expect([number, bytes?.equals(content)]).toEqual([number, true]);
  }
  expect(await find({ oid: oidFrom(2), tid: (tid + 1n) as Tid })).toBeUndefined();
  expect(await find({ oid: oidFrom(3), tid })).toBeUndefined();
}

describe('blobs', () => {
  it.each(['b.0.tar', 'b.0.tar.gz'])('are found in an archive of the recipe: %s', async (name) => {
    archiveAsRecipe(source, { to: join(folder, name) });
    await expectAll(blobsOf(name));
  });

  it('are found in an incremental archive with holes, as members of gzip', async () => {
    const plain = join(folder, 'plain.tar');
    execFileSync('tar', [
      ...['--create', `--file=${plain}`, '--format=gnu', '--sparse'],
      ...[`--listed-incremental=${join(folder, 'x.snar')}`, `--directory=${source}`, '.'],
    ]);
    expect(readFileSync(plain).length).toBeLessThan(4_500_000);
    const members = await collect(compressToMembers(1)(streamOf(readFileSync(plain))));
    writeFileSync(join(folder, 'ours.tar.gz'), members);
    await expectAll(blobsOf('ours.tar.gz'));
    await expectAll(blobsOf('plain.tar'));
  });

  it('are looked for in the next place where an archive is cut off or gone', async () => {
    archiveAsRecipe(source, { to: join(folder, 'cut.tar') });
    truncateSync(join(folder, 'cut.tar'), 20_000);
    const find = firstWithBlob([
      blobsOf('cut.tar'),
      blobsOf('gone.tar'),
      blobsInTree(folderTree(join(folder, 'no such copy'))),
      blobsInTree(folderTree(source)),
    ]);
    await expectAll(find);
  });
});
