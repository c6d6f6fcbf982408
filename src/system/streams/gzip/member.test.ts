import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMemberLength,
  encodeMember,
  MAXIMUM_MEMBER_BYTES,
  MEMBER_CONTENT_BYTES,
  MEMBER_HEADER_BYTES,
} from './member.ts';

const LENGTH_OFFSET = 16;

/** A header that says this length, with the bytes at these places changed. */
function header(
  length: number,
  changes: readonly (readonly [place: number, value: number])[] = [],
): Buffer {
  const bytes = Buffer.from(encodeMember(gzipSync(''))).subarray(0, MEMBER_HEADER_BYTES);
  bytes.writeUInt32LE(length, LENGTH_OFFSET);
  for (const [place, value] of changes) bytes[place] = value;
  return bytes;
}

describe('member', () => {
  it('says its length, and holds for zlib what the gzip file held', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (content) => {
        const member = Buffer.from(encodeMember(gzipSync(content)));
        expect(decodeMemberLength(member.subarray(0, MEMBER_HEADER_BYTES))).toBe(member.length);
        expect(gunzipSync(member).equals(content)).toBe(true);
      }),
    );
  });

  it('has the header of its table', () => {
    const gzipped = gzipSync('content');
    const member = Buffer.from(encodeMember(gzipped));
    expect([...member.subarray(0, 4)]).toEqual([0x1f, 0x8b, 8, 4]);
    expect([...member.subarray(4, 10)]).toEqual([...gzipped.subarray(4, 10)]);
    expect([...member.subarray(10, 16)]).toEqual([8, 0, 0x5a, 0x56, 4, 0]);
    expect(member.readUInt32LE(LENGTH_OFFSET)).toBe(gzipped.length + 10);
    expect(member.subarray(MEMBER_HEADER_BYTES).equals(gzipped.subarray(10))).toBe(true);
  });

  it.each([1, 6, 9])('has room for noise, of which level %d makes no less', (level) => {
    const member = encodeMember(gzipSync(randomBytes(MEMBER_CONTENT_BYTES), { level }));
    expect(member.length).toBeGreaterThan(MEMBER_CONTENT_BYTES);
    expect(member.length).toBeLessThanOrEqual(MAXIMUM_MEMBER_BYTES);
  });
});

describe('length of a member', () => {
  it.each([
    [0, undefined],
    [1, undefined],
    [MEMBER_HEADER_BYTES - 1, undefined],
    [MEMBER_HEADER_BYTES, undefined],
    [MEMBER_HEADER_BYTES + 1, MEMBER_HEADER_BYTES + 1],
    [MAXIMUM_MEMBER_BYTES - 1, MAXIMUM_MEMBER_BYTES - 1],
    [MAXIMUM_MEMBER_BYTES, MAXIMUM_MEMBER_BYTES],
    [MAXIMUM_MEMBER_BYTES + 1, undefined],
    [2 ** 31 - 1, undefined],
    [2 ** 31, undefined],
    [2 ** 32 - 1, undefined],
  ])('that says %d is %s', (length, expected) => {
    expect(decodeMemberLength(header(length))).toBe(expected);
  });

  it('is unknown where the header is cut, at each byte', () => {
    const whole = header(100);
    for (let end = 0; end < MEMBER_HEADER_BYTES; end++) {
      expect(decodeMemberLength(whole.subarray(0, end))).toBeUndefined();
    }
    expect(decodeMemberLength(Buffer.concat([whole, Buffer.from('more')]))).toBe(100);
  });

  it.each([0, 1, 2, 3, 10, 11, 12, 13, 14, 15])(
    'is unknown when byte %d is another one',
    (place) => {
      const original = header(100)[place] ?? 0;
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 255 }), (bits) => {
          expect(decodeMemberLength(header(100, [[place, original ^ bits]]))).toBeUndefined();
        }),
      );
    },
  );

  it.each([4, 5, 6, 7, 8, 9])('does not depend on byte %d: time, flags and system', (place) => {
    expect(decodeMemberLength(header(100, [[place, 0xff]]))).toBe(100);
  });

  it('is unknown for a gzip file of another program, and for anything else', () => {
    expect(decodeMemberLength(gzipSync('content of another program'))).toBeUndefined();
    expect(decodeMemberLength(Buffer.alloc(MEMBER_HEADER_BYTES))).toBeUndefined();
  });
});
