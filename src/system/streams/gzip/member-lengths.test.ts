import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../files/byte-source.ts';
import { encodeMember, MEMBER_HEADER_BYTES } from './member.ts';
import { decodeMemberLengths, encodeMemberLengths, readMemberLengths } from './member-lengths.ts';

const members = [1, 300, 0, 70_000].map((size) => encodeMember(gzipSync(randomBytes(size))));
const file = Buffer.concat(members);
const lengths = members.map(({ length }) => length);

describe('lengths of members', () => {
  it('are read from header to header', async () => {
    expect(await readMemberLengths(memorySource(file))).toEqual(lengths);
  });

  it('are unknown of a file that another program wrote, or that is cut', async () => {
    const foreign = gzipSync('one stream');
    expect(await readMemberLengths(memorySource(foreign))).toBeUndefined();
    expect(await readMemberLengths(memorySource(Buffer.concat([file, foreign])))).toBeUndefined();
    const bounds = new Set(lengths.map((_, index) => sum(lengths.slice(0, index + 1))));
    for (let end = 0; end < file.length; end += end < 1000 ? 1 : MEMBER_HEADER_BYTES) {
      const found = await readMemberLengths(memorySource(file.subarray(0, end)));
      expect([end, found !== undefined]).toEqual([end, bounds.has(end)]);
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
