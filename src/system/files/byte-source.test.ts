import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { collect } from '../streams/pipeline.ts';
import { CHUNK_BYTES, isStillAt, memorySource, openFileSource } from './byte-source.ts';

const scratch = scratchFolder();
let paths = 0;
const newPath = () => join(scratch, String(++paths));

function newFile(content: Uint8Array | string): string {
  const path = newPath();
  writeFileSync(path, content);
  return path;
}

/** Bytes whose value tells their place, so that a shifted read shows. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let place = 0; place < sizeBytes; place++) bytes[place] = (place * 7 + (place >> 8)) % 251;
  return bytes;
}

const bytes = content(3 * CHUNK_BYTES + 5);
const path = newFile(bytes);

const SOURCES = [
  ['file', () => openFileSource(path)],
  ['memory', async () => ({ ...memorySource(bytes), [Symbol.asyncDispose]: async () => {} })],
] as const;

describe.each(SOURCES)('byte source: %s', (_, open) => {
  it('tells its size', async () => {
    await using source = await open();
    expect(source.sizeBytes).toBe(bytes.length);
  });

  it('reads and streams the bytes of any range', async () => {
    await using source = await open();
    const place = fc.nat(bytes.length);
    await fc.assert(
      fc.asyncProperty(place, place, async (one, other) => {
        const range = { start: Math.min(one, other), end: Math.max(one, other) };
        const expected = bytes.subarray(range.start, range.end);
        expect(Buffer.compare(await source.read(range), expected)).toBe(0);
        expect((await collect(source.stream(range))).equals(expected)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    2 * CHUNK_BYTES,
    3 * CHUNK_BYTES + 4,
  ])('streams %d bytes in chunks of the size it says', async (sizeBytes) => {
    await using source = await open();
    const sizes: number[] = [];
    for await (const chunk of source.stream({ start: 1, end: 1 + sizeBytes })) {
      sizes.push(chunk.length);
    }
    const whole = Math.floor(sizeBytes / CHUNK_BYTES);
    const rest = sizeBytes % CHUNK_BYTES;
    const expected = Array.from({ length: whole }, () => CHUNK_BYTES);
    expect(sizes).toEqual(rest === 0 ? expected : [...expected, rest]);
  });

  it('is a failure where a range goes past its end, and tells where that is', async () => {
    await using source = await open();
    const range = { start: bytes.length - 1, end: bytes.length + 1 };
    for (const read of [() => source.read(range), () => collect(source.stream(range))]) {
      expect(await outcomeOf(read)).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining(String(bytes.length)),
      });
    }
  });

  it('can be left in the middle of a stream', async () => {
    await using source = await open();
    for await (const chunk of source.stream({ start: 0, end: bytes.length })) {
      expect(chunk.length).toBe(CHUNK_BYTES);
      break;
    }
    expect(Buffer.from(await source.read({ start: 0, end: 3 }))).toEqual(bytes.subarray(0, 3));
  });
});

describe('file source', () => {
  it('keeps its size while the file grows, and tells the size now', async () => {
    const growing = newFile('abc');
    await using source = await openFileSource(growing);
    appendFileSync(growing, 'defg');
    expect([source.sizeBytes, await source.currentSizeBytes()]).toEqual([3, 7]);
    const range = { start: 2, end: 5 };
    expect(Buffer.from(await source.read(range)).toString()).toBe('cde');
  });

  it('reads the file that it opened, also when another one took its path', async () => {
    const place = newFile('opened');
    await using source = await openFileSource(place);
    renameSync(newFile('another'), place);
    expect(Buffer.from(await source.read({ start: 0, end: 6 })).toString()).toBe('opened');
  });

  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])(
    'is a failure when the file has been cut to %d bytes, never a short result',
    async (end) => {
      const cut = newFile(bytes);
      await using source = await openFileSource(cut);
      truncateSync(cut, end);
      const range = { start: 0, end: source.sizeBytes };
      for (const read of [() => source.read(range), () => collect(source.stream(range))]) {
        expect(await outcomeOf(read)).toMatchObject({
          code: 'damaged',
          message: expect.stringContaining(`it ends at ${end}`),
        });
      }
    },
  );

  it.each([
    ['a file that is not there', 'nothing', 'not-found'],
    ['a folder', 'folder', 'usage'],
    ['a path through a file', 'file/below', 'system'],
    ['a device', '/dev/null', 'usage'],
  ])('is a failure for %s', async (_, name, code) => {
    const folder = newPath();
    mkdirSync(join(folder, 'folder'), { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    const place = name.startsWith('/') ? name : join(folder, name);
    expect(await outcomeOf(() => openFileSource(place))).toMatchObject({
      code,
      message: expect.stringContaining(`"${place}"`),
    });
  });
});

describe('pipe', () => {
  it('is refused at once, without waiting for somebody to write into it', async () => {
    const pipe = join(scratch, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await outcomeOf(() => openFileSource(pipe))).toMatchObject({ code: 'usage' });
  });
});

describe('file at a path', () => {
  it('is the one that was opened, also when it has grown', async () => {
    const place = newFile('x');
    await using source = await openFileSource(place);
    appendFileSync(place, 'y');
    expect(await isStillAt(place, source.identity)).toBe(true);
  });

  it('is another one after a rename over it', async () => {
    const place = newFile('x');
    await using source = await openFileSource(place);
    renameSync(newFile('x'), place);
    expect(await isStillAt(place, source.identity)).toBe(false);
  });

  it('is not the one that was opened when nothing is there', async () => {
    const place = newFile('x');
    await using source = await openFileSource(place);
    unlinkSync(place);
    expect(await isStillAt(place, source.identity)).toBe(false);
  });

  it('is a failure when the path leads through a file', async () => {
    await using source = await openFileSource(path);
    const outcome = await outcomeOf(() => isStillAt(join(path, 'below'), source.identity));
    expect(outcome).toMatchObject({ code: 'system' });
  });
});
