import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf } from '../../../test/support/children.ts';
import { streamOf } from '../../../test/support/chunks.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { type ByteRange, memorySource, type OpenedSource } from '../files/byte-source.ts';
import type { Program } from '../processes/programs.ts';
import { MemberCache } from '../streams/gzip/member-cache.ts';
import { collect } from '../streams/pipeline.ts';
import { compressToFrames } from './compress-frames.ts';
import { decompressFrames } from './decompress-frames.ts';
import type { FrameMaker, FrameReader } from './frame-maker.ts';
import { frameSource } from './frame-source.ts';
import { decodeTable, FRAME_CONTENT_BYTES, TABLE_END_BYTES } from './frames.ts';
import { libraryMaker, libraryReader } from './library-zstd.ts';
import { nodeMaker, nodeReader } from './node-zstd.ts';
import { programMaker, programReader } from './program-zstd.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BUILT = join(ROOT, 'dist/cli/zstd.js');
const CHILD = join(ROOT, 'test/support/zstd-child.mjs');
const hasZstd = spawnSync('zstd', ['--version']).status === 0;

/** The real one, as it is built. */
const library = (doing: 'make' | 'read'): Program => ({
  path: process.execPath,
  arguments: [BUILT, doing],
});

interface Pair {
  readonly maker: FrameMaker;
  readonly reader: FrameReader;
}

/** What there is on this machine, by name. */
const pairs = new Map<string, Pair>();

beforeAll(async () => {
  const found = {
    node: [nodeMaker(), nodeReader()],
    library: [await libraryMaker(library('make')), await libraryReader(library('read'))],
    program: [await programMaker(), await programReader()],
  } as const;
  for (const [name, [maker, reader]] of Object.entries(found)) {
    if (maker !== undefined && reader !== undefined) pairs.set(name, { maker, reader });
  }
});

afterAll(async () => {
  for (const { maker, reader } of pairs.values()) {
    await maker[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
  }
});

const anyPair = () => {
  const [first] = [...pairs.values()];
  if (first === undefined) throw new Error('there is no zstd at all');
  return first;
};

/** Half noise, half text. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 'The quick brown fox. ');
  randomBytes(Math.floor(sizeBytes / 2)).copy(bytes);
  return bytes;
}

const compressed = (bytes: Buffer, { maker = anyPair().maker, chunk = 300_000 } = {}) =>
  collect(compressToFrames(maker)(streamOf(bytes, chunk)));

const decompressed = (file: Buffer, { reader = anyPair().reader, chunk = 300_000 } = {}) =>
  collect(decompressFrames(streamOf(file, chunk), { reader, name: 'x.zst' }));

function opened(file: Buffer): OpenedSource {
  return { ...memorySource(file, 'x.zst'), [Symbol.asyncDispose]: async () => {} };
}

const openedFrames = (file: OpenedSource, reader = anyPair().reader) =>
  frameSource(file, { reader, cache: new MemberCache(8 << 20) });

const SIZES = [0, 1, 2, 3].flatMap((frames) => {
  const border = frames * FRAME_CONTENT_BYTES;
  return [border - 1, border, border + 1].filter((size) => size >= 0);
});

describe.each(SIZES)('zstd file of %d bytes', (sizeBytes) => {
  const bytes = content(sizeBytes);

  it('comes back from whatever can read it, whoever made it', async () => {
    for (const { maker } of pairs.values()) {
      const file = await compressed(bytes, { maker });
      for (const { reader } of pairs.values()) {
        expect((await decompressed(file, { reader })).equals(bytes)).toBe(true);
        await using source = await openedFrames(opened(file), reader);
        expect(source.sizeBytes).toBe(sizeBytes);
        const whole = await source.read({ start: 0, end: sizeBytes });
        expect(bytes.equals(whole)).toBe(true);
      }
    }
  });

  it.skipIf(!hasZstd)('is read by zstd, and by pzstd (needs zstd)', async () => {
    for (const { maker } of pairs.values()) {
      const file = await compressed(bytes, { maker });
      for (const program of ['zstd', 'pzstd']) {
        const options = { input: file, maxBuffer: 1 << 28 };
        expect(execFileSync(program, ['-q', '-d', '-c'], options).equals(bytes)).toBe(true);
      }
    }
  });
});

describe('zstd file', () => {
  it('says at its end where each frame is', async () => {
    const file = await compressed(content(2 * FRAME_CONTENT_BYTES + 5));
    const rows = file.readUInt32LE(file.length - TABLE_END_BYTES);
    expect(rows).toBe(6);
    const frames = decodeTable(file.subarray(-(8 + 8 * rows + TABLE_END_BYTES)));
    expect(frames?.map(({ contentBytes }) => contentBytes)).toEqual([
      FRAME_CONTENT_BYTES,
      FRAME_CONTENT_BYTES,
      5,
    ]);
  });

  it('gives ranges at random, each as it was, and reads each frame once', async () => {
    const bytes = content(5 * FRAME_CONTENT_BYTES + 77);
    const file = opened(await compressed(bytes));
    let reads = 0;
    const counted = { ...file, read: (part: ByteRange) => file.read(part).finally(() => reads++) };
    await using source = await openedFrames(counted);
    expect(reads).toBe(1);
    const place = fc.nat(bytes.length);
    await fc.assert(
      fc.asyncProperty(place, place, async (one, other) => {
        const [start, end] = one < other ? [one, other] : [other, one];
        const expected = bytes.subarray(start, end);
        expect(expected.equals(await source.read({ start, end }))).toBe(true);
        expect((await collect(source.stream({ start, end }))).equals(expected)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('comes back whatever the chunks in which it is given', async () => {
    const chunk = fc.constantFrom(4093, 1 << 16, FRAME_CONTENT_BYTES, 1 << 30);
    const size = fc.constantFrom(...SIZES);
    await fc.assert(
      fc.asyncProperty(size, chunk, chunk, async (sizeBytes, chunk, other) => {
        const bytes = content(sizeBytes);
        const file = await compressed(bytes, { chunk });
        expect((await decompressed(file, { chunk: other })).equals(bytes)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });
});

describe('damage to a zstd file', () => {
  const bytes = content(2 * FRAME_CONTENT_BYTES + 1000);

  /** Read to its end, and at random: the content as it was, or a failure. */
  async function readBothWays(file: Buffer) {
    const streamed = await outcomeOf(() => decompressed(file));
    const random = await outcomeOf(async () => {
      await using source = await openedFrames(opened(file));
      return Buffer.from(await source.read({ start: 0, end: source.sizeBytes }));
    });
    for (const outcome of [streamed, random]) {
      if (outcome.kind === 'result') expect(outcome.result.equals(bytes)).toBe(true);
      else expect(outcome.code).toBe('damaged');
    }
    return { streamed, random };
  }

  it('never gives other bytes, whichever byte is another one', async () => {
    const file = await compressed(bytes);
    const places = fc.oneof(
      fc.nat(file.length - 1),
      fc.nat(40),
      fc.nat(80).map((back) => file.length - 1 - back),
    );
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, bits) => {
        const changed = Buffer.from(file);
        changed[place] = (changed[place] ?? 0) ^ bits;
        await readBothWays(changed);
      }),
      { numRuns: 100 },
    );
  });

  it('is found in the content of a frame', async () => {
    const file = await compressed(bytes);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 500_000 }), async (place) => {
        const changed = Buffer.from(file);
        changed[place] = (changed[place] ?? 0) ^ 1;
        const { streamed, random } = await readBothWays(changed);
        expect([streamed.kind, random.kind]).toEqual(['failure', 'failure']);
      }),
      { numRuns: 20 },
    );
  });

  it('is found wherever the file is cut, and where something follows', async () => {
    const file = await compressed(bytes);
    const expectFailures = async (damaged: Buffer) => {
      const { streamed, random } = await readBothWays(damaged);
      expect([streamed.kind, random.kind]).toEqual(['failure', 'failure']);
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), (end) => expectFailures(file.subarray(0, end))),
      { numRuns: 40 },
    );
    await expectFailures(Buffer.concat([file, Buffer.alloc(1)]));
    await expectFailures(Buffer.concat([file, file]));
  });

  it('does not fill the memory where a frame holds more than it may', async () => {
    const bomb = spawnSync('zstd', ['-q', '-c'], { input: Buffer.alloc(64 << 20) }).stdout;
    for (const { reader } of pairs.values()) expect(await reader.read(bomb)).toBeUndefined();
  });
});

describe.skipIf(!existsSync(BUILT) || !('crc32' in (await import('node:zlib'))))(
  'process that calls the library of zstd',
  () => {
    it.each([
      'exits',
      'is killed',
      'says that it failed',
      'says a length beyond all answers',
      'answers less than a checksum',
      'answers for other content',
      'answers noise behind the right checksum',
    ])('that %s ends what it is used for, and is gone', async (fault) => {
      const maker = await libraryMaker({ path: process.execPath, arguments: [CHILD, fault] });
      if (maker === undefined) throw new Error('its first answer is right');
      await using _ = maker;
      const outcome = await outcomeOf(() => compressed(content(3_000_000), { maker }));
      expect(outcome).toMatchObject({ kind: 'failure', code: 'program' });
      expect(childrenOf(process.pid).filter(({ words }) => words.includes(CHILD))).toEqual([]);
    });

    it('that is not there is not used', async () => {
      const nowhere = { path: '/nonexistent/node', arguments: [] };
      expect(await libraryMaker(nowhere)).toBeUndefined();
      expect(await libraryReader(nowhere)).toBeUndefined();
    });

    it('reads on after a frame that is damaged', async () => {
      const pair = pairs.get('library');
      if (pair === undefined) return;
      const frame = await pair.maker.make(Buffer.from('some content'));
      expect(await pair.reader.read(randomBytes(500))).toBeUndefined();
      expect(Buffer.from((await pair.reader.read(frame)) ?? []).toString()).toBe('some content');
    });
  },
);
