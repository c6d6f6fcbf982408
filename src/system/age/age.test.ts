import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { streamOf } from '../../../test/support/chunks.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { type ByteRange, memorySource, type OpenedSource } from '../files/byte-source.ts';
import { collect } from '../streams/pipeline.ts';
import { HeaderMaker, HeaderOpener, headerEnd } from './header.ts';
import { formatIdentityFile, type KeyPair, newKeyPair } from './keys.ts';
import { CHUNK_CONTENT_BYTES, NONCE_BYTES, SEALED_CHUNK_BYTES } from './payload.ts';
import { seal } from './seal.ts';
import { openSealed } from './sealed-source.ts';
import { unseal } from './unseal.ts';

const scratch = scratchFolder();
const hasAge = spawnSync('age', ['--version']).status === 0;

/** Around the borders of chunks, and of the blocks of chunks that are worked on at once. */
const SIZES = [1, 15, 16, 17].flatMap((chunks) => {
  const border = chunks * CHUNK_CONTENT_BYTES;
  return [border - 1, border, border + 1];
});
const ALL_SIZES = [0, 1, 2, 15, 16, 17, 4096, ...SIZES];

let pair: KeyPair;
let others: KeyPair;
let maker: HeaderMaker;
let opener: HeaderOpener;
const keyFile = join(scratch, 'key.txt');

beforeAll(async () => {
  pair = await newKeyPair();
  others = await newKeyPair();
  maker = await HeaderMaker.for([others.recipient, pair.recipient]);
  opener = await HeaderOpener.with([pair.identity]);
  writeFileSync(keyFile, formatIdentityFile(pair, new Date()), { mode: 0o600 });
});

const sealed = (content: Buffer, chunk = 100_000) => collect(seal(streamOf(content, chunk), maker));

const unsealed = (
  file: Buffer,
  { chunk = 100_000, sealedBytes = file.length, keys = opener } = {},
) => collect(unseal(streamOf(file, chunk), { opener: keys, sealedBytes, name: 'x.age' }));

function opened(file: Buffer): OpenedSource {
  return { ...memorySource(file, 'x.age'), [Symbol.asyncDispose]: async () => {} };
}

const openedSeal = (file: Buffer, sealedBytes = file.length) =>
  openSealed(opened(file), { opener, sealedBytes, name: 'x.age' });

function range(content: Buffer, [one, other]: readonly [number, number]): ByteRange {
  const [start, end] = [one, other]
    .map((share) => Math.floor(share * (content.length + 1)))
    .sort((a, b) => a - b);
  return { start: start ?? 0, end: end ?? 0 };
}
const shares = fc.tuple(
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
);

describe.each(ALL_SIZES)('sealed content of %d bytes', (sizeBytes) => {
  const content = randomBytes(sizeBytes);

  it('comes back, as a stream and at random', async () => {
    const file = await sealed(content);
    expect((await unsealed(file)).equals(content)).toBe(true);
    await using source = await openedSeal(file);
    expect(source.sizeBytes).toBe(sizeBytes);
    const whole = { start: 0, end: sizeBytes };
    expect(content.equals(await source.read(whole))).toBe(true);
    expect((await collect(source.stream(whole))).equals(content)).toBe(true);
  });

  it.skipIf(!hasAge)('is read by age (needs age)', async () => {
    const file = await sealed(content);
    const read = execFileSync('age', ['-d', '-i', keyFile], { input: file, maxBuffer: 1 << 28 });
    expect(read.equals(content)).toBe(true);
  });

  it.skipIf(!hasAge)('is read as age made it (needs age)', async () => {
    const file = madeByAge(content);
    expect((await unsealed(file)).equals(content)).toBe(true);
  });
});

describe.skipIf(!hasAge)('file that age made (needs age)', () => {
  it('gives 200 ranges at random, each as it was', async () => {
    const content = randomBytes(40 * CHUNK_CONTENT_BYTES + 12_345);
    await using source = await openedSeal(madeByAge(content));
    await fc.assert(
      fc.asyncProperty(shares, async (share) => {
        const { start, end } = range(content, share);
        const expected = content.subarray(start, end);
        expect(expected.equals(await source.read({ start, end }))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('sealed content', () => {
  it('comes back whatever the chunks in which it is given, and the range that is read', async () => {
    const size = fc.oneof(fc.nat(3000), fc.constantFrom(...SIZES), fc.nat(3 * CHUNK_CONTENT_BYTES));
    const chunk = fc.constantFrom(1, 4093, CHUNK_CONTENT_BYTES, SEALED_CHUNK_BYTES, 1 << 30);
    await fc.assert(
      fc.asyncProperty(size, chunk, chunk, shares, async (sizeBytes, chunk, other, share) => {
        const content = randomBytes(sizeBytes);
        const file = await sealed(content, sizeBytes > 10_000 ? Math.max(chunk, 4093) : chunk);
        const back = await unsealed(file, {
          chunk: sizeBytes > 10_000 ? Math.max(other, 4093) : other,
        });
        expect(back.equals(content)).toBe(true);
        await using source = await openedSeal(file);
        const { start, end } = range(content, share);
        const expected = content.subarray(start, end);
        expect(expected.equals(await source.read({ start, end }))).toBe(true);
        expect((await collect(source.stream({ start, end }))).equals(expected)).toBe(true);
        const target = Buffer.alloc(end - start);
        await source.readInto(target, start);
        expect(target.equals(expected)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is never the same file twice', async () => {
    const content = Buffer.from('The same words.');
    expect((await sealed(content)).equals(await sealed(content))).toBe(false);
  });

  it('is read with each of the keys, and refused to every other', async () => {
    const content = randomBytes(100);
    const file = await sealed(content);
    const stranger = await newKeyPair();
    for (const { identity } of [pair, others]) {
      const keys = await HeaderOpener.with([stranger.identity, identity]);
      expect((await unsealed(file, { keys })).equals(content)).toBe(true);
    }
    const keys = await HeaderOpener.with([stranger.identity]);
    expect(await outcomeOf(() => unsealed(file, { keys }))).toMatchObject({ code: 'refused' });
  });

  it('takes two reads to open, and one for each range', async () => {
    const content = randomBytes(20 * CHUNK_CONTENT_BYTES);
    const file = opened(await sealed(content));
    let reads = 0;
    const counted = { ...file, read: (part: ByteRange) => file.read(part).finally(() => reads++) };
    const { sizeBytes: sealedBytes } = file;
    await using source = await openSealed(counted, { opener, sealedBytes, name: 'x.age' });
    expect(reads).toBe(2);
    await source.read({ start: 100_000, end: 600_000 });
    expect(reads).toBe(3);
  });
});

describe('damage to a sealed file', () => {
  /** What came out before the failure is a part of the content; the failure is one of ours. */
  async function expectDamage(
    file: Buffer,
    {
      content,
      sealedBytes = file.length,
    }: { readonly content: Buffer; readonly sealedBytes?: number },
  ): Promise<void> {
    const pieces: Uint8Array[] = [];
    const streamed = await outcomeOf(async () => {
      const stream = unseal(streamOf(file, 100_000), { opener, sealedBytes, name: 'x.age' });
      for await (const piece of stream) pieces.push(piece);
    });
    // What is changed in the header may be the recipient.
    expect(streamed.kind === 'failure' && ['damaged', 'refused'].includes(streamed.code)).toBe(
      true,
    );
    const before = Buffer.concat(pieces);
    expect(before.equals(content.subarray(0, before.length))).toBe(true);
    const random = await outcomeOf(async () => {
      await using source = await openedSeal(file, sealedBytes);
      for (let start = 0; start < source.sizeBytes; start += 30_000) {
        const end = Math.min(start + 30_000, source.sizeBytes);
        const read = Buffer.from(await source.read({ start, end }));
        expect(read.equals(content.subarray(start, end))).toBe(true);
      }
    });
    expect(random.kind === 'failure' && ['damaged', 'refused'].includes(random.code)).toBe(true);
  }

  const content = randomBytes(3 * CHUNK_CONTENT_BYTES + 7);

  it('is found, whichever byte is another one', async () => {
    const file = await sealed(content);
    const places = fc.oneof(fc.nat(file.length - 1), fc.nat(headerEnd(file) ?? 0));
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, bits) => {
        const changed = Buffer.from(file);
        changed[place] = (changed[place] ?? 0) ^ bits;
        await expectDamage(changed, { content });
      }),
      { numRuns: 150 },
    );
  });

  it('is found wherever the file is cut, and if its recorded size goes with it', async () => {
    const file = await sealed(content);
    const start = (headerEnd(file) ?? 0) + NONCE_BYTES;
    const borders = [0, 1, 2, 3].map((chunk) => start + chunk * SEALED_CHUNK_BYTES);
    const around = borders.flatMap((border) => [border - 1, border, border + 1, border + 16]);
    const places = fc.oneof(fc.nat(file.length - 1), fc.constantFrom(...around));
    await fc.assert(
      fc.asyncProperty(places, async (end) => {
        const cut = file.subarray(0, end);
        await expectDamage(cut, { content, sealedBytes: file.length });
        await expectDamage(cut, { content });
      }),
      { numRuns: 60 },
    );
  });

  it('is found where something follows, or the record says another size', async () => {
    const file = await sealed(content);
    for (const more of [1, 16, 17, SEALED_CHUNK_BYTES]) {
      const longer = Buffer.concat([file, randomBytes(more)]);
      await expectDamage(longer, { content });
      await expectDamage(longer, { content, sealedBytes: file.length });
      await expectDamage(file, { content, sealedBytes: file.length + more });
      await expectDamage(file, { content, sealedBytes: file.length - more });
    }
  });

  it('is found where chunks are in other places', async () => {
    const file = await sealed(content);
    const start = (headerEnd(file) ?? 0) + NONCE_BYTES;
    const chunk = (number: number) =>
      file.subarray(start + number * SEALED_CHUNK_BYTES, start + (number + 1) * SEALED_CHUNK_BYTES);
    const head = file.subarray(0, start);
    const swapped = Buffer.concat([head, chunk(1), chunk(0), chunk(2), chunk(3)]);
    await expectDamage(swapped, { content });
    const other = await sealed(randomBytes(content.length));
    const mixed = Buffer.concat([other.subarray(0, start), file.subarray(start)]);
    await expectDamage(mixed, { content });
  });
});

function madeByAge(content: Buffer): Buffer {
  const words = ['-r', others.recipient, '-r', pair.recipient];
  return execFileSync('age', words, { input: content, maxBuffer: 1 << 28 });
}
