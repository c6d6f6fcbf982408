import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, streamOf } from '../../../test/support/chunks.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { findPython } from '../../../test/support/python.ts';
import { collect } from '../stages.ts';
import { compressToMembers } from './compress.ts';
import { decompress } from './decompress.ts';
import { MEMBER_CONTENT_BYTES } from './member.ts';

const python = findPython('gzip');
const SIZES = [
  0,
  1,
  1000,
  MEMBER_CONTENT_BYTES - 1,
  MEMBER_CONTENT_BYTES,
  MEMBER_CONTENT_BYTES + 1,
].concat(3 * MEMBER_CONTENT_BYTES);

/** Half text, half noise. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 'The quick brown fox. ');
  randomBytes(Math.floor(sizeBytes / 2)).copy(bytes);
  return bytes;
}

const compressed = (bytes: Buffer, level = 6) => collect(compressToMembers(level)(streamOf(bytes)));
const restored = (bytes: Uint8Array, chunk?: number) =>
  collect(decompress(streamOf(bytes, chunk), 'x.fsz'));

describe('gzip in members', () => {
  it.each(SIZES)('gives %d bytes back, in chunks of any size', async (sizeBytes) => {
    const bytes = content(sizeBytes);
    const gzip = await compressed(bytes);
    for (const size of CHUNK_SIZES.filter((one) => one > 1 || sizeBytes < 10_000)) {
      expect((await restored(gzip, size)).equals(bytes)).toBe(true);
    }
  });

  it('is one gzip file for zlib, gzip and Python', async () => {
    const bytes = content(3 * MEMBER_CONTENT_BYTES + 5);
    const gzip = await compressed(bytes, 1);
    expect(gunzipSync(gzip).equals(bytes)).toBe(true);
    const maxBuffer = 1 << 24;
    expect(execFileSync('gzip', ['-dc'], { input: gzip, maxBuffer }).equals(bytes)).toBe(true);
  });

  it.skipIf(python === undefined)('is one gzip file for Python (needs python3)', async () => {
    const bytes = content(2 * MEMBER_CONTENT_BYTES + 5);
    const script =
      'import gzip,sys;sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))';
    const input = await compressed(bytes);
    const output = execFileSync(python ?? '', ['-c', script], { input, maxBuffer: 1 << 24 });
    expect(output.equals(bytes)).toBe(true);
  });

  it('reads what other programs wrote: one member, several, ours with theirs behind', async () => {
    const bytes = content(100_000);
    const ours = await compressed(bytes);
    expect((await restored(gzipSync(bytes))).equals(bytes)).toBe(true);
    for (const files of [
      [gzipSync(bytes), gzipSync(bytes)],
      [ours, gzipSync(bytes)],
    ]) {
      expect((await restored(Buffer.concat(files), 999)).length).toBe(200_000);
    }
  });
});

describe('damaged gzip', () => {
  const bytes = content(MEMBER_CONTENT_BYTES + 20_000);

  it('is a failure when it is cut anywhere', async () => {
    const ours = await compressed(bytes);
    for (const gzip of [ours, gzipSync(bytes)]) {
      for (const length of [0, 1, 9, 10, 19, 20, 21, 1000, gzip.length - 9, gzip.length - 1]) {
        const outcome = await outcomeOf(() => restored(gzip.subarray(0, length)));
        expect([length, outcome.kind]).toEqual([length, 'failure']);
      }
    }
    // A cut between two members is a shorter gzip file: what it should hold is for others to know.
    const first = ours.readUInt32LE(16);
    expect((await restored(ours.subarray(0, first))).length).toBe(MEMBER_CONTENT_BYTES);
  });

  it('is a failure, or the same bytes, whatever byte has changed', async () => {
    const small = content(3000);
    const gzip = await compressed(small);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(gzip.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (place, bits) => {
          const changed = Buffer.from(gzip);
          changed[place] = (changed[place] ?? 0) ^ bits;
          const outcome = await outcomeOf(() => restored(changed));
          if (outcome.kind === 'result') expect(outcome.result.equals(small)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not blow up: a member may not hold more than it should', async () => {
    const bomb = gzipSync(Buffer.alloc(50 << 20));
    const member = await compressed(Buffer.alloc(10));
    const header = Buffer.from(member.subarray(0, 20));
    header.writeUInt32LE(bomb.length + 10, 16);
    const disguised = Buffer.concat([header, bomb.subarray(10)]);
    expect((await outcomeOf(() => restored(disguised))).kind).toBe('failure');
  });
});
