import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canCallIsal } from '../../../../test/support/can-call-isal.ts';
import { childrenOf } from '../../../../test/support/children.ts';
import { streamOf } from '../../../../test/support/chunks.ts';
import type { LibraryPool } from '../../foreign/pool.ts';
import { startIsalPool } from '../../isal/isal-pool.ts';
import type { Program } from '../../processes/programs.ts';
import { collect } from '../pipeline.ts';
import { compressByIsal, compressToMembers } from './compress.ts';
import { decodeMemberLength, MEMBER_CONTENT_BYTES } from './member.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const CHILD = join(ROOT, 'test/support/isal-child.mjs');

/** The real one, as it is built. */
const isal = (level: number): Program => ({
  path: process.execPath,
  arguments: [join(ROOT, 'dist/cli/isal.js'), `${level}`],
});
const canCall = await canCallIsal(isal(3));

/** One that zlib takes the place of, up to a fault. */
const faulty = (fault: string, request: number): Program => ({
  path: process.execPath,
  arguments: [CHILD, fault, `${request}`],
});

async function startPool(program: Program, patienceMs = 20_000): Promise<LibraryPool> {
  const pool = await startIsalPool(program, { patienceMs });
  if (pool === undefined) throw new Error('ISA-L cannot be called');
  return pool;
}

async function compress(
  content: Buffer,
  pool: Promise<LibraryPool>,
  chunk = 300_000,
): Promise<Buffer> {
  return collect(compressByIsal(await pool)(streamOf(content, chunk)));
}

function memberCount(file: Buffer): number {
  let count = 0;
  for (let start = 0; start < file.length; count++) {
    start += decodeMemberLength(file.subarray(start)) ?? Number.NaN;
    expect(start).toBeLessThanOrEqual(file.length);
  }
  return count;
}

/** Text, noise, zeros, or all of it, of a length. */
const contents = fc
  .tuple(
    fc.constantFrom('text', 'noise', 'zeros', 'mixed'),
    fc.oneof(
      fc.nat(5000),
      fc.nat(3 * MEMBER_CONTENT_BYTES),
      fc.constantFrom(
        ...[0, 1, MEMBER_CONTENT_BYTES - 1, MEMBER_CONTENT_BYTES, MEMBER_CONTENT_BYTES + 1],
      ),
    ),
    fc.nat(),
  )
  .map(([kind, length, seed]) => madeOf(kind, { length, seed }));

function madeOf(
  kind: string,
  { length, seed }: { readonly length: number; readonly seed: number },
): Buffer {
  const bytes = Buffer.alloc(length);
  const text = Buffer.from(`The quick brown fox ${seed} jumps over <p class="x">${seed * 7}</p>\n`);
  for (let offset = 0; offset < length; offset += 1000) {
    const part = bytes.subarray(offset, offset + 1000);
    const kindHere =
      kind === 'mixed' ? ['text', 'noise', 'zeros'][(offset / 1000 + seed) % 3] : kind;
    if (kindHere === 'text') part.fill(text);
    if (kindHere === 'noise') part.set(randomBytes(part.length));
  }
  return bytes;
}

describe.skipIf(!canCall)('members of ISA-L (needs libisal2)', () => {
  it('come back the same from zlib, whatever they hold', async () => {
    const level = fc.constantFrom(1, 2, 3);
    const chunk = fc.constantFrom(4093, MEMBER_CONTENT_BYTES, 1 << 30);
    await fc.assert(
      fc.asyncProperty(contents, level, chunk, async (content, level, chunk) => {
        const file = await compress(content, startPool(isal(level)), chunk);
        expect(gunzipSync(file).equals(content)).toBe(true);
        expect(memberCount(file)).toBe(
          Math.max(1, Math.ceil(content.length / MEMBER_CONTENT_BYTES)),
        );
      }),
      { numRuns: 12 },
    );
  });

  it('are no more than a few percent larger than those of zlib', async () => {
    const content = madeOf('mixed', { length: 4 * MEMBER_CONTENT_BYTES, seed: 3 });
    const [ours, others] = await Promise.all([
      compress(content, startPool(isal(3))),
      collect(compressToMembers(6)(streamOf(content))),
    ]);
    expect(ours.length).toBeLessThan(1.1 * others.length);
    expect(ours.equals(others)).toBe(false);
  });
});

describe('a process that calls ISA-L', () => {
  const content = madeOf('mixed', { length: 9 * MEMBER_CONTENT_BYTES + 17, seed: 5 });
  const FAULTS = [
    'exits',
    'is killed',
    'is killed within an answer',
    'says that it failed',
    'says a length beyond all answers',
    'answers twice',
    'closes its output and then hangs',
    'writes bytes by chance',
    'writes answers by chance',
    'answers noise',
    'answers one byte',
    'answers for other content',
    'answers with a wrong checksum',
    'answers with a wrong length of the content',
    'answers with another header',
  ];

  it.each(FAULTS)('that %s costs no byte, at its first request or later ones', async (fault) => {
    // Request 0 is the known block.
    for (const request of [1, 3]) {
      const file = await compress(content, startPool(faulty(fault, request)));
      expect(gunzipSync(file).equals(content)).toBe(true);
      expect(memberCount(file)).toBe(10);
    }
  });

  it.each(
    FAULTS.filter((fault) => !['answers twice', 'answers with another header'].includes(fault)),
  )('that %s at a known block is not used', async (fault) => {
    expect(await canCallIsal(faulty(fault, 0))).toBe(false);
  });

  it.each(['hangs', 'says a length and then hangs'])('that %s costs no byte', async (fault) => {
    const file = await compress(content, startPool(faulty(fault, 2), 8000));
    expect(gunzipSync(file).equals(content)).toBe(true);
  });

  it('that calls a library of another version costs no byte, whatever the library does', async () => {
    const child = join(ROOT, 'test/support/library-in-script-child.ts');
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const argv = ['--import', 'tsx', child, `${seed}`];
        const pool = startPool({ path: process.execPath, arguments: argv });
        const file = await compress(content, pool);
        expect(gunzipSync(file).equals(content)).toBe(true);
        expect(memberCount(file)).toBe(10);
      }),
      { numRuns: 8 },
    );
  });

  it('that is not there is not used', async () => {
    expect(await canCallIsal({ path: '/nonexistent/node', arguments: [] })).toBe(false);
  });

  it('is gone when nobody wants the rest', async () => {
    const stage = compressByIsal(await startPool(faulty('none', -1)));
    for await (const member of stage(streamOf(content))) {
      expect(member.length).toBeGreaterThan(0);
      break;
    }
    expect(childrenOf(process.pid).filter(({ words }) => words.includes(CHILD))).toEqual([]);
  });

  it('is gone when its source fails, which is the failure', async () => {
    const failure = new Error('the source fails');
    async function* failing() {
      yield content;
      throw failure;
    }
    const stage = compressByIsal(await startPool(faulty('none', -1)));
    await expect(collect(stage(failing()))).rejects.toBe(failure);
    expect(childrenOf(process.pid).filter(({ words }) => words.includes(CHILD))).toEqual([]);
  });
});
