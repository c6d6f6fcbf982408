import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, streamOf } from '../../../../test/support/chunks.ts';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { Failure } from '../../failure.ts';
import { collect } from '../pipeline.ts';
import { compressToMembers } from './compress.ts';
import { decompress } from './decompress.ts';
import { MEMBER_CONTENT_BYTES } from './member.ts';

const gzip = spawnSync('gzip', ['--version']).status === 0 ? 'gzip' : undefined;

/** Half noise, half text. */
function content(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 'The quick brown fox. ');
  randomBytes(Math.floor(sizeBytes / 2)).copy(bytes);
  return bytes;
}

const ours = (bytes: Buffer) => collect(compressToMembers(6)(streamOf(bytes)));
const read = (file: Uint8Array, chunk = 65_537) =>
  collect(decompress(streamOf(file, chunk), 'x.fsz'));

const small = content(3000);
const large = content(2 * MEMBER_CONTENT_BYTES + 20_000);

describe('gzip file of another program', () => {
  it.each([
    ['one member', () => gzipSync(small), small],
    ['one large member', () => gzipSync(large), large],
    ['one member, stored', () => gzipSync(small, { level: 0 }), small],
    ['no content', () => gzipSync(''), Buffer.alloc(0)],
    [
      'three members',
      () => Buffer.concat([gzipSync(small), gzipSync(''), gzipSync(small, { level: 1 })]),
      Buffer.concat([small, small]),
    ],
  ])('is read: %s', async (_, make, expected) => {
    const file = make();
    for (const chunk of file.length < 10_000 ? CHUNK_SIZES : [Number.POSITIVE_INFINITY, 4093]) {
      expect((await read(file, chunk)).equals(expected)).toBe(true);
    }
  });

  it('is read behind our members, and ours behind it', async () => {
    const [first, second] = [await ours(large), gzipSync(small)];
    const both = await read(Buffer.concat([first, second]));
    expect(both.equals(Buffer.concat([large, small]))).toBe(true);
    const turned = await read(Buffer.concat([second, first]));
    expect(turned.equals(Buffer.concat([small, large]))).toBe(true);
  });

  it.skipIf(gzip === undefined)('is read with its name in it (needs gzip)', async () => {
    const { stdout } = spawnSync(gzip ?? '', ['-9c'], { input: large, maxBuffer: 1 << 28 });
    expect((await read(stdout)).equals(large)).toBe(true);
  });

  it('is read when it holds much more than one of our members may', async () => {
    const zeros = Buffer.alloc(20 << 20);
    expect((await read(gzipSync(zeros))).equals(zeros)).toBe(true);
  });
});

describe('gzip file with something behind it', () => {
  it.each([
    ['a second member that begins with a zero', () => zeroed(gzipSync(small))],
    ['zeros', () => Buffer.alloc(600)],
    ['text', () => Buffer.from('and so on')],
  ])('is damaged: %s', async (_, make) => {
    const file = Buffer.concat([gzipSync(small), make()]);
    for (const size of [undefined, 7]) {
      expect(await outcomeOf(() => read(file, size))).toMatchObject({ code: 'damaged' });
    }
  });

  function zeroed(file: Buffer): Buffer {
    file.writeUInt8(0, 0);
    return file;
  }
});

describe('cut gzip file', () => {
  it.each([
    ['ours', () => ours(small)],
    ['of another program', async () => gzipSync(small)],
  ])('is damaged at each byte: %s', async (_, make) => {
    const file = await make();
    for (let length = 0; length < file.length; length++) {
      const outcome = await outcomeOf(() => read(file.subarray(0, length)));
      expect([length, outcome]).toMatchObject([length, { kind: 'failure', code: 'damaged' }]);
    }
  });

  it.each([
    ['ours', () => ours(large)],
    ['of another program', async () => gzipSync(large)],
  ])('is damaged wherever it is cut, in chunks of any size: %s', async (_, make) => {
    const file = await make();
    const ends = memberEnds(file);
    const length = fc.nat(file.length - 1).filter((place) => !ends.has(place));
    const chunk = fc.constantFrom(4093, 1 << 20, 1 << 30);
    await fc.assert(
      fc.asyncProperty(length, chunk, async (length, chunk) => {
        const outcome = await outcomeOf(() => read(file.subarray(0, length), chunk));
        expect(outcome).toMatchObject({ kind: 'failure', code: 'damaged' });
      }),
      { numRuns: 40 },
    );
  });

  it('is damaged when some bytes around the end of a member are left', async () => {
    const file = await ours(large);
    for (const end of memberEnds(file)) {
      for (const length of [end - 9, end - 8, end - 1, end + 1, end + 2, end + 19, end + 20]) {
        if (length <= 0 || length >= file.length) continue;
        const outcome = await outcomeOf(() => read(file.subarray(0, length)));
        expect([length, outcome]).toMatchObject([length, { kind: 'failure', code: 'damaged' }]);
      }
    }
  });

  it('is damaged at each byte of a second member of another program', async () => {
    const [first, second] = [gzipSync(small), gzipSync('some content')];
    for (let length = 1; length < second.length; length++) {
      const file = Buffer.concat([first, second.subarray(0, length)]);
      const outcome = await outcomeOf(() => read(file));
      expect([length, outcome]).toMatchObject([length, { kind: 'failure', code: 'damaged' }]);
    }
  });

  it('gives no byte that is wrong before it fails', async () => {
    const file = await ours(large);
    const chunks: Uint8Array[] = [];
    const work = async () => {
      const source = streamOf(file.subarray(0, file.length - 1), 4096);
      for await (const chunk of decompress(source, 'x.fsz')) chunks.push(chunk);
    };
    expect(await outcomeOf(work)).toMatchObject({ code: 'damaged' });
    const given = Buffer.concat(chunks);
    expect(given.equals(large.subarray(0, given.length))).toBe(true);
  });
});

describe('gzip file with a changed byte', () => {
  it.each([
    ['ours', () => ours(small), small],
    ['of another program', async () => gzipSync(small), small],
    ['ours, of several members', () => ours(large), large],
  ])('is damaged or gives the same bytes: %s', async (_, make, expected) => {
    const file = await make();
    const place = fc.oneof(fc.nat(Math.min(30, file.length - 1)), fc.nat(file.length - 1));
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (place, bits) => {
        const outcome = await outcomeOf(() => read(changed(file, place, bits)));
        if (outcome.kind === 'result') expect(outcome.result.equals(expected)).toBe(true);
        else expect(outcome.code).toBe('damaged');
      }),
      { numRuns: expected === small ? 400 : 60 },
    );
  });

  it('is damaged or gives the same bytes: in the header of its second member', async () => {
    const file = await ours(large);
    const [second = 0] = memberEnds(file);
    for (let place = second; place < second + 20; place++) {
      for (const bits of [1, 0x80, 0xff]) {
        const outcome = await outcomeOf(() => read(changed(file, place, bits)));
        if (outcome.kind === 'result') expect(outcome.result.equals(large)).toBe(true);
        else expect([place, outcome.code]).toEqual([place, 'damaged']);
      }
    }
  });

  it.each([
    ['its checksum', 8],
    ['its length', 4],
  ])('is damaged when it is in %s', async (_, fromEnd) => {
    for (const file of [await ours(small), gzipSync(small)]) {
      for (let place = file.length - fromEnd; place < file.length - fromEnd + 4; place++) {
        expect(await outcomeOf(() => read(changed(file, place, 1)))).toMatchObject({
          code: 'damaged',
          message: expect.stringContaining('"x.fsz"'),
        });
      }
    }
  });
});

describe('what is no gzip file', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1000)],
    ['text', Buffer.from('some text that is longer than the header of a member')],
    ['noise', Buffer.concat([Buffer.from([0]), randomBytes(5000)])],
    ['a raw header', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
  ])('is damaged: %s', async (_, file) => {
    for (const chunk of CHUNK_SIZES) {
      expect(await outcomeOf(() => read(file, chunk))).toMatchObject({ code: 'damaged' });
    }
  });

  it('is damaged behind our members', async () => {
    const file = Buffer.concat([await ours(small), Buffer.from('trailing bytes of no meaning')]);
    expect(await outcomeOf(() => read(file))).toMatchObject({ code: 'damaged' });
  });

  it('is damaged when a member holds more than it may', async () => {
    const bomb = gzipSync(Buffer.alloc(50 << 20));
    const header = Buffer.from((await ours(small)).subarray(0, 20));
    header.writeUInt32LE(bomb.length + 10, 16);
    const file = Buffer.concat([header, bomb.subarray(10)]);
    expect(await outcomeOf(() => read(file))).toMatchObject({ code: 'damaged' });
  });
});

describe('decompressing', () => {
  it.each([
    ['ours', () => ours(large)],
    ['of another program', async () => gzipSync(large)],
  ])('passes on the failure of its source: %s', async (_, make) => {
    const file = await make();
    const failure = new Failure('system', 'Cannot read', { hint: 'Look.' });
    async function* failing() {
      yield* streamOf(file.subarray(0, file.length >> 1), 65_536);
      throw failure;
    }
    await expect(collect(decompress(failing(), 'x.fsz'))).rejects.toBe(failure);
  });

  it.each([
    ['ours', () => ours(large)],
    ['of another program', async () => gzipSync(large)],
  ])('closes its source when nobody wants the rest: %s', async (_, make) => {
    const file = await make();
    let isClosed = false;
    async function* source() {
      try {
        yield* streamOf(file, 4096);
      } finally {
        isClosed = true;
      }
    }
    for await (const chunk of decompress(source(), 'x.fsz')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
  });
});

function changed(file: Buffer, place: number, bits: number): Buffer {
  const copy = Buffer.from(file);
  copy[place] = (copy[place] ?? 0) ^ bits;
  return copy;
}

/** Where our members end; no end for a file of another program. */
function memberEnds(file: Buffer): ReadonlySet<number> {
  const ends = new Set<number>();
  for (let start = 0; file.readUInt16LE(start + 12) === 0x565a; ) {
    start += file.readUInt32LE(start + 16);
    ends.add(start);
    if (start >= file.length) break;
  }
  return ends;
}
