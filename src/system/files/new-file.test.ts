import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../test/support/chunks.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { NewFile, removeUnfinished, syncDirectory } from './new-file.ts';
import { PRIVATE, SHARED, USUAL } from './rights.ts';

const scratch = scratchFolder();
let folders = 0;
function newFolder(): string {
  const folder = join(scratch, String(++folders));
  mkdirSync(folder);
  return folder;
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('new file', () => {
  it('is not visible under its name before it is published', async () => {
    const path = join(newFolder(), 'file');
    await using file = await NewFile.create(path);
    const seen = [existsSync(path)];
    await file.write(streamOf(Buffer.alloc(100_000, 7), 999));
    seen.push(existsSync(path));
    await file.complete();
    seen.push(existsSync(path));
    await file.publish();
    expect([...seen, existsSync(path)]).toEqual([false, false, false, true]);
  });

  it('that is to be new replaces nothing, also what comes in the last moment', async () => {
    const path = join(newFolder(), 'file');
    await using file = await NewFile.create(path);
    await file.write([Buffer.from('ours')]);
    await file.complete();
    writeFileSync(path, 'theirs');
    await expect(file.publishAsNew()).rejects.toMatchObject({ code: 'refused' });
    await file[Symbol.asyncDispose]();
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(dirname(path))).toEqual(['file']);
    await using other = await NewFile.create(`${path}-2`);
    await other.write([Buffer.from('ours')]);
    await other.complete();
    await other.publishAsNew();
    await other[Symbol.asyncDispose]();
    expect(readdirSync(dirname(path))).toEqual(['file', 'file-2']);
  });

  it.each([
    [PRIVATE, 0o600],
    [USUAL, 0o666 & ~process.umask()],
    [{ kind: 'exact', mode: 0o664 }, 0o664],
    [{ kind: 'less-umask', mode: 0o640 }, 0o640 & ~process.umask()],
  ] as const)('has the rights %j from the first moment', async (rights, mode) => {
    const path = join(newFolder(), 'file');
    await using file = await NewFile.create(path, { rights });
    expect(modeOf(file.temporaryPath)).toBe(mode);
    await file.complete();
    await file.publish();
    expect(modeOf(path)).toBe(mode);
  });

  it('that is shared is for the group as far as its folder is', async () => {
    for (const [ofFolder, mode] of [
      [0o755, 0o640],
      [0o770, 0o660],
      [0o701, 0o600],
    ] as const) {
      const folder = newFolder();
      chmodSync(folder, ofFolder);
      await using file = await NewFile.create(join(folder, 'file'), { rights: SHARED });
      expect(modeOf(file.temporaryPath)).toBe(mode);
    }
  });

  it('is made in the folder where it will be, under a hidden name', async () => {
    const path = join(newFolder(), 'file');
    await using file = await NewFile.create(path);
    expect(dirname(file.temporaryPath)).toBe(dirname(path));
    expect(basename(file.temporaryPath)).toMatch(/^\.file\.[0-9a-f]{12}\.zodbvault-tmp$/);
  });

  it('holds all that was written, in order, in chunks of any size', async () => {
    const folder = newFolder();
    const chunks = fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, chunks, async (first, second) => {
        const path = join(folder, 'file');
        await using file = await NewFile.create(path);
        await file.write(first);
        await file.write(second);
        await file.complete();
        await file.publish();
        const expected = Buffer.concat([...first, ...second]);
        expect(readFileSync(path).equals(expected)).toBe(true);
        expect(file.sizeBytes).toBe(expected.length);
      }),
      { numRuns: 30 },
    );
  });

  it('holds all that was written when the disk is asked to write in between', async () => {
    const path = join(newFolder(), 'file');
    const chunk = Buffer.alloc(1 << 20, 'some text ');
    await using file = await NewFile.create(path);
    await file.write(Array.from({ length: 67 }, () => chunk));
    await file.complete();
    await file.publish();
    expect([statSync(path).size, file.sizeBytes]).toEqual([67 << 20, 67 << 20]);
  });

  it('takes the place of an old file, which is as it was until then', async () => {
    const folder = newFolder();
    const path = join(folder, 'file');
    writeFileSync(path, 'old', { mode: 0o644 });
    await using file = await NewFile.create(path, { rights: PRIVATE });
    await file.write([Buffer.from('new')]);
    await file.complete();
    expect(readFileSync(path, 'utf8')).toBe('old');
    await file.publish();
    expect([readdirSync(folder), readFileSync(path, 'utf8'), modeOf(path)]).toEqual([
      ...[['file'], 'new', 0o600],
    ]);
  });

  it.each([
    ['nothing was written', async () => {}],
    ['it was written in part', (file: NewFile) => file.write([Buffer.from('new')])],
    [
      'it was complete',
      async (file: NewFile) => {
        await file.write([Buffer.from('new')]);
        await file.complete();
      },
    ],
  ])('is gone when it is given up after %s, and the old file is as it was', async (_, work) => {
    const folder = newFolder();
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    {
      await using file = await NewFile.create(path);
      await work(file);
    }
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['file'], 'old']);
  });

  it('stays when it is given up after it was published', async () => {
    const path = join(newFolder(), 'file');
    const file = await NewFile.create(path);
    await file.complete();
    await file.publish();
    await file[Symbol.asyncDispose]();
    await file[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(true);
  });

  it('passes on the error of what it is made of, and leaves nothing', async () => {
    const folder = newFolder();
    const error = new RangeError('source');
    async function* failing() {
      yield Buffer.from('x');
      throw error;
    }
    const make = async () => {
      await using file = await NewFile.create(join(folder, 'file'));
      await file.write(failing());
    };
    await expect(make()).rejects.toBe(error);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops reading what it is made of when it cannot be written', async () => {
    const folder = newFolder();
    let given = 0;
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) {
          given += 1;
          yield Buffer.from('x');
        }
      } finally {
        isClosed = true;
      }
    }
    const make = async () => {
      await using file = await NewFile.create(join(folder, 'file'));
      await file.complete(); // Its handle is closed now: the next write is refused.
      await file.write(endless());
    };
    await expect(make()).rejects.toThrow();
    expect(isClosed).toBe(true);
    expect(given).toBeLessThanOrEqual(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['there is no folder', 'nothing/file', 'not-found'],
    ['its folder is a file', 'file/below', 'system'],
    ['its name is too long', 'x'.repeat(250), 'system'],
  ])('is a failure where %s', async (_, name, code) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(await outcomeOf(() => NewFile.create(join(folder, name)))).toMatchObject({ code });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is a failure where a folder has its name, and leaves nothing', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'taken', 'below'), { recursive: true });
    const make = async () => {
      await using file = await NewFile.create(join(folder, 'taken'));
      await file.complete();
      await file.publish();
    };
    expect(await outcomeOf(make)).toMatchObject({ kind: 'failure', code: 'system' });
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

describe('leftovers', () => {
  it('of killed runs are removed and named', async () => {
    const folder = newFolder();
    const files = [
      await NewFile.create(join(folder, 'one')),
      await NewFile.create(join(folder, '.two')),
    ];
    for (const file of files) await file.complete(); // As a killed run leaves it: never published.
    const removed = await removeUnfinished(folder);
    expect([...removed].sort()).toEqual(
      files.map(({ temporaryPath }) => basename(temporaryPath)).sort(),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    'file',
    '.file',
    '.file.zodbvault-tmp',
    '.file.0123456789ab.tmp',
    'file.0123456789ab.zodbvault-tmp',
    '.file.0123456789a.zodbvault-tmp',
    '.file.0123456789abc.zodbvault-tmp',
    '.file.0123456789AB.zodbvault-tmp',
    '.file.0123456789ab.zodbvault-tmp.txt',
    '2024-01-02-03-04-05.fsz',
    '2024-01-02-03-04-05.dat.tmp',
  ])('are not what is called %s', async (name) => {
    const folder = newFolder();
    writeFileSync(join(folder, name), 'x');
    expect(await removeUnfinished(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([name]);
  });

  it.each([
    ['there is no folder', 'nothing', 'not-found'],
    ['the folder is a file', 'file', 'system'],
  ])('are a failure where %s', async (_, name, code) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(await outcomeOf(() => removeUnfinished(join(folder, name)))).toMatchObject({ code });
  });
});

describe('folder', () => {
  it('can be made to last, and keeps what is in it', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await syncDirectory(folder);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
