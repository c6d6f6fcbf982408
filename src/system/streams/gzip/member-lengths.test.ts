import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMember, MEMBER_HEADER_BYTES } from './member.ts';
import { decodeMemberLengths, encodeMemberLengths, MemberLengths } from './member-lengths.ts';

const members = [1, 300, 0, 70_000].map((size) => encodeMember(gzipSync(randomBytes(size))));
const file = Buffer.concat(members);
const lengths = members.map(({ length }) => length);

function lengthsOf(chunks: Iterable<Uint8Array>): readonly number[] | undefined {
  const noted = new MemberLengths();
  for (const chunk of chunks) noted.feed(chunk);
  return noted.finish();
}

describe('lengths of members', () => {
  it('are noted however the file is cut into chunks', () => {
    expect(lengthsOf([file])).toEqual(lengths);
    expect(lengthsOf([...file].map((byte) => Uint8Array.of(byte)))).toEqual(lengths);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: file.length })), (cuts) => {
        const ends = [...cuts, file.length].sort((one, other) => one - other);
        const chunks = ends.map((end, index) => file.subarray(ends[index - 1] ?? 0, end));
        expect(lengthsOf(chunks)).toEqual(lengths);
      }),
    );
  });

  it('are unknown of a file that another program wrote, or that is cut', () => {
    expect(lengthsOf([gzipSync('one stream')])).toBeUndefined();
    expect(lengthsOf([file, gzipSync('one stream')])).toBeUndefined();
    const bounds = new Set([0, ...lengths.map((_, index) => sum(lengths.slice(0, index + 1)))]);
    for (let end = 0; end < file.length; end += end < 1000 ? 1 : MEMBER_HEADER_BYTES) {
      expect([end, lengthsOf([file.subarray(0, end)]) !== undefined]).toEqual([
        end,
        bounds.has(end),
      ]);
    }
  });

  it('come back as they were written, for a file of their size alone', () => {
    const bytes = encodeMemberLengths(lengths);
    expect(decodeMemberLengths(bytes, file.length)).toEqual(lengths);
    expect(decodeMemberLengths(bytes, file.length + 1)).toBeUndefined();
    expect(decodeMemberLengths(bytes.subarray(1), file.length)).toBeUndefined();
    expect(decodeMemberLengths(encodeMemberLengths([0, file.length]), file.length)).toBeUndefined();
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
