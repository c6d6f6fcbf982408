/** Data files that are so large that threads take their checksums, and that they are read back while they are written. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { badThread, THREAD_FAULTS } from '../support/bad-thread.ts';
import { growDatabase } from '../support/database.ts';
import { pathWith } from '../support/programs.ts';
import { SAMPLE_NAME, sampleOf } from '../support/sample.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const FULL = ['backup', '--full', '--no-blobs'];
/** What befalls threads, of which each way to back up meets a quarter: each takes seconds. */
const THREADS = THREAD_FAULTS.flatMap((fault) => [
  { fault, work: 'content-md5', block: 1 } as const,
  { fault, work: 'content-md5', block: 100 } as const,
  { fault, work: 'checksum', block: 100 } as const,
]);
let site: TestSite;

beforeAll(async () => {
  site = await newSite(scratch, 5);
  await growDatabase(site.dataFs, { transactions: 40, bytesEach: 4 << 20 });
});

async function hashOf(path: string, algorithm: 'md5' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Makes the site one that was never backed up. */
function forgetBackups(): void {
  rmSync(site.repository, { recursive: true, force: true });
}

/** What is in the repository, but for locks and the run log. */
function filesKept(): readonly string[] {
  if (!existsSync(site.repository)) return [];
  return readdirSync(site.repository).filter((name) => !/\.lock$|^\.zodbvault\.runs/.test(name));
}

/** A PATH on which the program that makes the kernel forget a file does something before, at its n-th call. */
function atDrop(number: number, does: string): Readonly<Record<string, string>> {
  const folder = join(scratch, `drop-${filesMade++}`);
  const count = `${folder}.count`;
  const dd = `echo >> ${count}; if [ $(wc -l < ${count}) = ${number} ]; then ${does}; fi; exec REAL "$@"`;
  return {
    PATH: [pathWith(folder, { programs: [], scripts: { dd } }), process.env['PATH']].join(
      delimiter,
    ),
  };
}
let filesMade = 0;

/** Changes the byte at an offset of the file that is to be dropped. */
const changeByte = (offset: number) =>
  `printf X | REAL of="\${1#if=}" bs=1 seek=${offset} conv=notrunc status=none`;

describe.each([
  ['--no-gzip', 0],
  ['--compressor=node', 1],
])('a large backup, %s', (how, shift) => {
  it('has the checksums of its bytes, is restored as it was, and is compared byte by byte', async () => {
    forgetBackups();
    await site.runWell(...FULL, how);
    const md5 = await hashOf(site.dataFs, 'md5');
    const names = readdirSync(site.repository);
    const textOf = (ending: string) => {
      const name = names.find((one) => one.endsWith(ending)) ?? '';
      return readFileSync(join(site.repository, name), 'utf8');
    };
    expect(textOf('.dat')).toContain(md5);
    const [dataFile = ''] = site.dataFiles();
    expect(JSON.parse(textOf('.json'))).toMatchObject({
      md5,
      stored: { sha256: await hashOf(join(site.repository, dataFile), 'sha256') },
    });
    await site.runWell('verify');
    await site.runWell('backup', '--no-quick', '--no-blobs');
    expect(site.dataFiles()).toEqual([dataFile]);
    const restored = join(scratch, 'restored.fs');
    await site.runWell('restore', '-n', '--no-blobs', '--to', restored);
    expect(await hashOf(restored, 'md5')).toBe(md5);
    rmSync(restored);
  });

  it.each([
    ['the part that is read back while the rest is written', 1, 30],
    ['the rest', 5, 150 << 20],
  ])('is not kept if the disk gives back other bytes in %s', async (_, call, offset) => {
    forgetBackups();
    const { status, stderr } = await site.run([...FULL, how], {
      env: atDrop(call, changeByte(offset)),
    });
    expect(stderr).toMatch(/\.fsz?": the disk gives back other bytes than were written/);
    expect([status, filesKept()]).toEqual([1, []]);
  });

  // A step that has no divisor with three, so that each kind of work has its turn.
  it.each(sampleOf(THREADS, { every: 4, shift }))(
    `is not kept if a thread $fault at block $block of $work (${SAMPLE_NAME})`,
    async ({ fault, work, block }) => {
      forgetBackups();
      const { status, stderr } = await site.run([...FULL, how], {
        env: badThread(work, { fault, block }),
      });
      expect(stderr).toMatch(
        /^Error: Cannot take checksums: a thread of this program failed, it /m,
      );
      expect([status, filesKept()]).toEqual([1, []]);
    },
  );
});

describe('a large backup', () => {
  it('ends at once when somebody presses Ctrl-C, and nothing is left', async () => {
    forgetBackups();
    const env = atDrop(1, 'kill -INT $PPID');
    const { status } = await site.run([...FULL, '--no-gzip'], { env });
    expect([status, filesKept()]).toEqual([130, []]);
  });

  it.each(['verify', 'restore'] as const)('is not %s-ed by a thread that fails', async (verb) => {
    forgetBackups();
    await site.runWell(...FULL, '--no-gzip');
    const target = join(scratch, 'target.fs');
    const words = verb === 'verify' ? ['verify'] : ['restore', '-n', '--no-blobs', '--to', target];
    for (const fault of THREAD_FAULTS) {
      const env = badThread('checksum', { fault, block: 20 });
      const { status, stderr } = await site.run(words, { env });
      expect([status, existsSync(target)]).toEqual([1, false]);
      expect(stderr).toContain('Cannot take checksums: a thread of this program failed');
    }
  });
});
