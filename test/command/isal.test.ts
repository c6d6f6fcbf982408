import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLength, encodeLength, LENGTH_BYTES } from '../../src/system/foreign/frame.ts';
import { startIsalPool } from '../../src/system/isal/isal-pool.ts';
import { MOST_CONTENT_BYTES } from '../../src/system/isal/library.ts';
import { canCallIsal } from '../support/can-call-isal.ts';
import { childrenOf } from '../support/children.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, type TestSite } from '../support/site.ts';

const ISAL = join(dirname(COMMAND), 'isal.js');
const canCall = await canCallIsal({ path: process.execPath, arguments: [ISAL] });
const scratch = scratchFolder();

async function largeSite(): Promise<TestSite> {
  const site = await newSite(scratch);
  await growDatabase(site.dataFs, { transactions: 30, bytesEach: 1_000_000 });
  return site;
}

async function expectRestorable(site: TestSite): Promise<void> {
  await site.runWell('verify');
  await site.runWell('restore', '--to', 'out.fs');
  expect(sameBytes(join(site.folder, 'out.fs'), site.dataFs)).toBe(true);
}

describe.skipIf(!canCall)('a backup that ISA-L compresses (needs libisal2)', () => {
  it.each([['isal'], ['auto'], ['isal', '--level', '1']])(
    'can be restored: %s',
    async (...words) => {
      const site = await largeSite();
      const made = await site.runWell('backup', '--json', '--compressor', ...words);
      expect(JSON.parse(made.stdout)).toMatchObject({ backups: [{ compressor: 'isal' }] });
      await expectRestorable(site);
    },
  );

  it('is whole if the processes are killed that call ISA-L', async () => {
    const site = await largeSite();
    const backup = spawn(process.execPath, [COMMAND, 'backup', '--compressor', 'isal'], {
      cwd: site.folder,
    });
    const ended = new Promise<number | null>((resolve) => backup.once('exit', resolve));
    let killed = 0;
    while (backup.exitCode === null && killed === 0) {
      for (const { pid, words } of childrenOf(backup.pid ?? 0)) {
        // Those of the backup: it has begun to write.
        if (!words.includes(ISAL) || !hasBegun(site)) continue;
        process.kill(pid, 'SIGKILL');
        killed += 1;
      }
      await sleep(2);
    }
    expect(await ended).toBe(0);
    expect(killed).toBeGreaterThan(0);
    await expectRestorable(site);
  });
});

describe.skipIf(!canCall)('a process that calls ISA-L (needs libisal2)', () => {
  it('answers through pipes that do not wait, as a module makes them that Node loads first', async () => {
    const first = 'data:text/javascript,process.stdin;process.stdout';
    const program = { path: process.execPath, arguments: ['--import', first, ISAL] };
    await using pool = await startIsalPool(program);
    const content = randomBytes(1 << 20);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => pool?.ask(content, { headroom: 0 })),
    );
    for (const answer of answers) {
      expect(gunzipSync(answer ?? Buffer.alloc(0)).equals(content)).toBe(true);
    }
  });
});

describe.skipIf(!canCall)('requests to a process that calls ISA-L (needs libisal2)', () => {
  const request = fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: -5, max: 5 }));

  it('are answered until one is cut or too long, and then it ends', async () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 4 }), noise, async (requests, rest) => {
        // A length that is wrong makes noise of what follows.
        const parts = requests.flatMap(([content, error]) => [
          encodeLength(Math.max(0, content.length + error)),
          content,
        ]);
        const input = Buffer.concat([...parts, rest]);
        const { status, stdout } = spawnSync(process.execPath, [ISAL], { input });
        const { contents, isWhole } = requestsIn(input);
        expect(answersIn(stdout).map((answer) => gunzipSync(answer))).toEqual(contents);
        expect(status === 0).toBe(isWhole);
      }),
      { numRuns: 15 },
    );
  });
});

/** The whole requests that these bytes begin with, and whether there is nothing else. */
function requestsIn(input: Buffer): {
  readonly contents: readonly Buffer[];
  readonly isWhole: boolean;
} {
  const contents: Buffer[] = [];
  let rest = input;
  while (rest.length >= LENGTH_BYTES) {
    const end = LENGTH_BYTES + decodeLength(rest);
    if (end > rest.length || end > LENGTH_BYTES + MOST_CONTENT_BYTES)
      return { contents, isWhole: false };
    contents.push(rest.subarray(LENGTH_BYTES, end));
    rest = rest.subarray(end);
  }
  // A cut length is no request.
  return { contents, isWhole: true };
}

function answersIn(output: Buffer): readonly Buffer[] {
  const answers: Buffer[] = [];
  for (let rest = output; rest.length > 0; ) {
    const end = LENGTH_BYTES + decodeLength(rest);
    answers.push(rest.subarray(LENGTH_BYTES, end));
    rest = rest.subarray(end);
  }
  return answers;
}

function hasBegun({ repository }: TestSite): boolean {
  if (!existsSync(repository)) return false;
  return readdirSync(repository).some(
    (name) => /fsz/.test(name) && statSync(join(repository, name), { throwIfNoEntry: false })?.size,
  );
}

describe('without koffi', () => {
  it('the command works, and refuses ISA-L where somebody asks for it', async () => {
    const site = await largeSite();
    const alone = join(scratch, 'alone');
    mkdirSync(alone);
    cpSync(dirname(dirname(COMMAND)), join(alone, 'dist'), { recursive: true });
    writeFileSync(join(alone, 'package.json'), '{ "type": "module" }');
    const run = (...words: readonly string[]) =>
      runProgram(process.execPath, [join(alone, 'dist/cli/main.js'), ...words], {
        cwd: site.folder,
      });
    const refused = await run('backup', '--compressor', 'isal');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      'Error: Cannot compress: the library ISA-L cannot be called.\nHint: Install it (Debian: libisal2), or use --compressor node.\n',
    );
    expect(site.dataFiles()).toEqual([]);
    expect((await run('backup')).status).toBe(0);
    await expectRestorable(site);
  });
});
