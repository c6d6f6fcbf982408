import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, chunksOf, streamOf } from '../../../test/support/chunks.ts';
import { entriesOf, indexOf } from '../../../test/support/index-entries.ts';
import { MAXIMUM_POSITION, type Magic } from '../format.ts';
import { decodeIndex, IndexDecoder } from './index-decoder.ts';
import { encodeIndex } from './index-encoder.ts';
import { OidIndex } from './oid-index.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/fixtures/golden/bushy/states');
const golden = readFileSync(join(GOLDEN, '2-edited/Data.fs.index'));

/** What an index says, or undefined where it is none. */
async function readingOf(bytes: Uint8Array, chunkBytes: number) {
  const decoded = await decodeIndex(chunksOf(bytes, chunkBytes));
  return decoded && { position: decoded.position, entries: entriesOf(decoded.index) };
}

/** The golden index in the form of this magic. */
async function goldenIn(magic: Magic): Promise<Buffer> {
  const decoded = await decodeIndex([golden]);
  if (decoded === undefined) throw new Error('not decoded');
  return Buffer.concat([...encodeIndex(decoded.index, { position: decoded.position, magic })]);
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const PREFIX = 'C\x06\0\0\0\0\0\0';
const BUCKET = 'C\x08\0\x05\0\0\0\0\0\x04';
const PAIR = `${PREFIX}${BUCKET}\x86.`;

describe('index decoder', () => {
  it.each([
    ['Python 3', `\x80\x03K\x2a.\x80\x03${PAIR}\x80\x03N.`],
    ['Python 2', 'L42L\n.(U\x06\0\0\0\0\0\0T\x08\0\0\0\0\x05\0\0\0\0\0\x04t.N.'],
    [
      'Python 3, with memo marks',
      `\x80\x03K\x2a.\x80\x03${PREFIX}q\0${BUCKET}r\x01\0\0\0\x86q\x02.\x80\x03N.`,
    ],
    [
      'Python 2, with memo marks',
      `L42L\n.(U\x06\0\0\0\0\0\0q\0U\x08\0\x05\0\0\0\0\0\x04q\x01tq\x02.N.`,
    ],
    ['both in one', `L42L\n.\x80\x03${PAIR}N.`],
  ])('reads the form of %s, in chunks of any size', async (_, text) => {
    for (const size of CHUNK_SIZES) {
      expect(await readingOf(latin1(text), size)).toEqual({ position: 42, entries: [[5n, 4]] });
    }
  });

  it('reads an index of ZODB alike whole, in odd chunks, byte by byte and as a stream', async () => {
    const whole = await readingOf(golden, Number.POSITIVE_INFINITY);
    expect(whole?.entries.length).toBeGreaterThan(50);
    for (const size of [1, 2, 7, 100, golden.length - 1]) {
      expect(await readingOf(golden, size)).toEqual(whole);
      const streamed = await decodeIndex(streamOf(golden, size));
      expect(streamed && entriesOf(streamed.index)).toEqual(whole?.entries);
    }
  });

  it('reads the same from the form of Python 2', async () => {
    const whole = await readingOf(golden, Number.POSITIVE_INFINITY);
    const inPython2 = await goldenIn('FS21');
    expect(inPython2.equals(golden)).toBe(false);
    for (const size of CHUNK_SIZES) expect(await readingOf(inPython2, size)).toEqual(whole);
  });

  it('does not mind chunks of 0 bytes, nor memory that is used again', async () => {
    const decoder = new IndexDecoder();
    const chunk = new Uint8Array(7);
    for (let start = 0; start < golden.length; start += chunk.length) {
      const part = golden.subarray(start, start + chunk.length);
      chunk.set(part);
      decoder.feed(chunk.subarray(0, part.length));
      decoder.feed(new Uint8Array(0));
      chunk.fill(0xff);
    }
    const decoded = decoder.finish();
    expect(decoded && entriesOf(decoded.index)).toEqual(
      (await readingOf(golden, golden.length))?.entries,
    );
  });

  it('knows the position before the pairs have come', () => {
    const decoder = new IndexDecoder();
    expect(decoder.position).toBeUndefined();
    expect(decoder.feed(latin1('\x80\x03M\x00\x10.\x80'))).toBe('more');
    expect(decoder.position).toBe(4096);
  });

  it.each([
    ['K', 'K\x04', 4],
    ['M', 'M\x00\x01', 2 ** 8],
    ['J', 'J\xff\xff\xff\x7f', 2 ** 31 - 1],
    ['LONG1 of 0 bytes', '\x8a\x00', 0],
    ['LONG1', '\x8a\x05\x00\x00\x00\x80\x00', 2 ** 31],
    ['LONG1 of 7 bytes', '\x8a\x07\xff\xff\xff\xff\xff\xff\x00', MAXIMUM_POSITION],
    ['L', 'L2147483648L\n', 2 ** 31],
    ['L without a second L', 'L4294967296\n', 2 ** 32],
    ['L of 15 digits', `L${MAXIMUM_POSITION}L\n`, MAXIMUM_POSITION],
  ])('reads a position as %s', async (_, pickled, position) => {
    for (const size of CHUNK_SIZES) {
      const reading = await readingOf(latin1(`${pickled}.N.`), size);
      expect(reading).toEqual({ position, entries: [] });
    }
  });

  it.each([
    ['a position of 2^48', '\x8a\x07\0\0\0\0\0\0\x01.N.'],
    ['a position of 2^48 in decimal', `L${2 ** 48}L\n.N.`],
    ['a position of 17 digits', 'L10000000000000000L\n.N.'],
    ['a position of 1000 digits', `L${'1'.repeat(1000)}L\n.N.`],
    ['a negative position', 'J\xff\xff\xff\xff.N.'],
    ['a negative position as LONG1', '\x8a\x01\xff.N.'],
    ['a negative position in decimal', 'L-4L\n.N.'],
    ['a position of 8 bytes', '\x8a\x08\x04\0\0\0\0\0\0\0.N.'],
    ['a position that is a float', 'F4.0\n.N.'],
    ['a position without a digit', 'LL\n.N.'],
    ['no position', `${PAIR}N.`],
    ['a second position', 'K\x04.K\x04.N.'],
    ['no end', `K\x04.${PAIR}`],
    ['an end and nothing in front of it', 'N.'],
    ['a byte behind the end', 'K\x04.N.\0'],
    ['a pickle behind the end that is not all there', 'K\x04.N.C'],
    ['a pair behind the end', `K\x04.N.${PAIR}`],
    ['a pickle of nothing', 'K\x04..N.'],
    ['a prefix of 5 bytes', `K\x04.C\x05\0\0\0\0\0${BUCKET}\x86.N.`],
    ['a prefix of 7 bytes', `K\x04.C\x07\0\0\0\0\0\0\0${BUCKET}\x86.N.`],
    ['a bucket of 7 bytes', `K\x04.${PREFIX}C\x07\0\x05\0\0\0\0\x04\x86.N.`],
    ['a bucket of 9 bytes', `K\x04.${PREFIX}C\x09\0\x05\0\0\0\0\0\x04\0\x86.N.`],
    ['a pair of one', `K\x04.${PREFIX}\x86.N.`],
    ['a pair of three', `K\x04.${PREFIX}${BUCKET}${BUCKET}\x86.N.`],
    ['an object at position 0', `K\x04.${PREFIX}C\x08\0\x05\0\0\0\0\0\0\x86.N.`],
    ['a prefix twice', `K\x04.${PAIR}${PAIR}N.`],
    ['an oid twice', `K\x04.${PREFIX}C\x10\0\x05\0\x05\0\0\0\0\0\x04\0\0\0\0\0\x08\x86.N.`],
    ['oids that go back', `K\x04.${PREFIX}C\x10\0\x05\0\x04\0\0\0\0\0\x04\0\0\0\0\0\x08\x86.N.`],
    ['bytes of 4 GiB', `K\x04.${PREFIX}B\xff\xff\xff\xff`],
    ['a global', 'K\x04.cos\nsystem\n(Vtrue\ntR.N.'],
    ['an opcode that is none', 'K\x04.\xff'],
  ])('finds no index in what has %s, in chunks of any size', async (_, text) => {
    for (const size of CHUNK_SIZES) expect(await readingOf(latin1(text), size)).toBeUndefined();
  });

  it('says as soon as it knows that there is no index', () => {
    const decoder = new IndexDecoder();
    expect(decoder.feed(latin1('hello'))).toBe('unusable');
    expect(decoder.feed(golden)).toBe('unusable');
    expect(decoder.finish()).toBeUndefined();
  });

  it('finds no index in the form of Python 2 that is cut at any byte', async () => {
    const bytes = await goldenIn('FS21');
    for (let length = 0; length < bytes.length; length++) {
      for (const size of CHUNK_SIZES) {
        expect(await readingOf(bytes.subarray(0, length), size)).toBeUndefined();
      }
    }
  });

  it.each(['FS30', 'FS21'] as const)(
    'takes an index of %s with a changed byte for the same in chunks of any size',
    async (magic) => {
      const bytes = await goldenIn(magic);
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (place, byte) => {
          const changed = Buffer.from(bytes);
          changed[place] = byte;
          const [whole, ...others] = await Promise.all(
            CHUNK_SIZES.map((size) => readingOf(changed, size)),
          );
          for (const other of others) expect(other).toEqual(whole);
        }),
        { numRuns: 100 },
      );
    },
  );

  it('takes any opcodes for an index or for none, the same in chunks of any size', async () => {
    const opcode = fc.constantFrom(
      ...[
        '\x80\x03',
        'K\x04',
        'M\x04\0',
        'L4L\n',
        'N',
        '.',
        '(',
        't',
        '\x86',
        'q\0',
        PREFIX,
        BUCKET,
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(opcode, fc.constant('.')), { maxLength: 30 }),
        async (parts) => {
          const bytes = latin1(parts.join(''));
          const [whole, ...others] = await Promise.all(
            CHUNK_SIZES.map((size) => readingOf(bytes, size)),
          );
          for (const other of others) expect(other).toEqual(whole);
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(['FS30', 'FS21'] as const)(
    'reads full buckets in %s, in odd chunks too',
    async (magic) => {
      const index = new OidIndex();
      for (const prefix of [0, 1]) {
        for (let suffix = 0; suffix < 65536; suffix++) index.set(prefix, suffix, suffix + 1);
      }
      const bytes = Buffer.concat([...encodeIndex(index, { position: 2 ** 40, magic })]);
      for (const size of [bytes.length, 65537, 1021]) {
        const decoded = await decodeIndex(chunksOf(bytes, size));
        expect([decoded?.position, decoded?.index.size]).toEqual([2 ** 40, 131072]);
      }
    },
  );

  it('finds no index in a bucket with more than all suffixes', async () => {
    const bucket = Buffer.alloc(65537 * 8, 1);
    const opening = Buffer.from('K\x04.C\x06\0\0\0\0\0\0B\0\0\0\0', 'latin1');
    opening.writeUInt32LE(bucket.length, opening.length - 4);
    const bytes = Buffer.concat([opening, bucket, latin1('\x86.N.')]);
    expect(await decodeIndex([bytes])).toBeUndefined();
  });

  it('finds no index in a flood of marks, and stops to keep them', () => {
    const decoder = new IndexDecoder();
    decoder.feed(latin1('K\x04.'));
    const marks = Buffer.alloc(65536, '(');
    let fed = 0;
    while (fed < 100 && decoder.feed(marks) === 'more') fed += 1;
    expect(fed).toBeLessThan(100);
    expect(decoder.finish()).toBeUndefined();
  });

  it('keeps positions around the borders of its integers', async () => {
    const borders = [8, 16, 31, 32, 40].flatMap((bits) => [
      2 ** bits - 1,
      2 ** bits,
      2 ** bits + 1,
    ]);
    const entries = [1, ...borders, MAXIMUM_POSITION].map(
      (position, number) => [BigInt(number), position] as const,
    );
    for (const magic of ['FS30', 'FS21'] as const) {
      const encoded = encodeIndex(indexOf(entries), { position: MAXIMUM_POSITION, magic });
      const bytes = Buffer.concat([...encoded]);
      for (const size of CHUNK_SIZES) {
        expect(await readingOf(bytes, size)).toEqual({ position: MAXIMUM_POSITION, entries });
      }
    }
  });
});
