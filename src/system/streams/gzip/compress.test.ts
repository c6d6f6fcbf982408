import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../../test/support/chunks.ts';
import { findPython } from '../../../../test/support/python.ts';
import { collect } from '../pipeline.ts';
import { compressToMembers } from './compress.ts';
import { decompress } from './decompress.ts';
import { decodeMemberLength, MEMBER_CONTENT_BYTES } from './member.ts';

const python = findPython('gzip');
const gzip = spawnSync('gzip', ['--version']).status === 0 ? 'gzip' : undefined;

const SIZES = [
  0,
  1,
  MEMBER_CONTENT_BYTES - 1,
  MEMBER_CONTENT_BYTES,
  MEMBER_CONTENT_BYTES + 1,
  3 * MEMBER_CONTENT_BYTES,
];

/** Half noise, half text. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 'The quick brown fox. ');
  randomBytes(Math.floor(sizeBytes / 2)).copy(bytes);
  return bytes;
}

const compressed = (bytes: Buffer, { level = 6, chunk = 100_000 } = {}) =>
  collect(compressToMembers(level)(streamOf(bytes, chunk)));

/** What a program prints for these bytes; an error if it fails. */
function output(program: string, words: readonly string[], input: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(program, words, { input, maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  throw new Error(`${program} ended with ${status}: ${stderr.toString()}`);
}

/** Lengths of the members that a file consists of. */
function memberLengths(file: Buffer): number[] {
  const lengths: number[] = [];
  for (let start = 0; start < file.length; ) {
    const length = decodeMemberLength(file.subarray(start));
    if (length === undefined) throw new Error(`no member at ${start}`);
    lengths.push(length);
    start += length;
  }
  return lengths;
}

describe('compressed bytes', () => {
  it('come back the same, for sizes around members, any level and any chunks', async () => {
    const size = fc
      .tuple(fc.constantFrom(...SIZES), fc.integer({ min: -2, max: 2 }))
      .map(([base, more]) => Math.max(0, base + more));
    const level = fc.constantFrom(1, 6, 9);
    const chunk = fc.constantFrom(4093, 1 << 16, MEMBER_CONTENT_BYTES, 1 << 30);
    await fc.assert(
      fc.asyncProperty(size, level, chunk, async (sizeBytes, level, chunk) => {
        const bytes = content(sizeBytes);
        const file = await compressed(bytes, { level, chunk });
        const back = await collect(decompress(streamOf(file, chunk), 'x.fsz'));
        expect(back.equals(bytes)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('come back the same, byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (some) => {
        const bytes = Buffer.from(some);
        const file = await compressed(bytes, { chunk: 1 });
        expect((await collect(decompress(streamOf(file, 1), 'x.fsz'))).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('are the same file whatever chunks they came in', async () => {
    const bytes = content(2 * MEMBER_CONTENT_BYTES + 1);
    const whole = await compressed(bytes, { chunk: Number.POSITIVE_INFINITY });
    expect((await compressed(bytes, { chunk: 65_537 })).equals(whole)).toBe(true);
  });
});

describe.each(SIZES)('gzip file of %d bytes', (sizeBytes) => {
  const bytes = content(sizeBytes);

  it('consists of members that are full, but for the last', async () => {
    const lengths = memberLengths(await compressed(bytes));
    expect(lengths.length).toBe(Math.max(1, Math.ceil(sizeBytes / MEMBER_CONTENT_BYTES)));
  });

  it('is read by zlib', async () => {
    expect(gunzipSync(await compressed(bytes)).equals(bytes)).toBe(true);
  });

  it.skipIf(gzip === undefined)('is read by the real gzip (needs gzip)', async () => {
    const file = await compressed(bytes);
    expect(output(gzip ?? '', ['-t'], file).length).toBe(0);
    expect(output(gzip ?? '', ['-dc'], file).equals(bytes)).toBe(true);
  });

  it.skipIf(python === undefined)('is read by Python (needs python3)', async () => {
    const script =
      'import gzip, sys; sys.stdout.buffer.write(gzip.GzipFile(fileobj=sys.stdin.buffer).read())';
    const file = await compressed(bytes);
    expect(output(python ?? '', ['-c', script], file).equals(bytes)).toBe(true);
  });
});

describe('compressing', () => {
  it('passes on the error of its source', async () => {
    const error = new RangeError('source');
    async function* failing() {
      yield content(MEMBER_CONTENT_BYTES);
      throw error;
    }
    await expect(collect(compressToMembers(1)(failing()))).rejects.toBe(error);
  });

  it('closes its source when nobody wants the rest', async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield content(MEMBER_CONTENT_BYTES);
      } finally {
        isClosed = true;
      }
    }
    for await (const member of compressToMembers(1)(endless())) {
      expect(member.length).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
  });
});
