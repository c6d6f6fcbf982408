import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../test/support/chunks.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { collect } from '../streams/pipeline.ts';
import { findProgram, throughProgram } from './programs.ts';

const scratch = scratchFolder();
const bytes = randomBytes(9 << 20);
const shell = (script: string) => throughProgram({ path: '/bin/sh', arguments: ['-c', script] });

describe('bytes through a program', () => {
  it('come out as the program prints them', async () => {
    const output = await collect(shell('cat')(streamOf(bytes, 100_000)));
    expect(output.equals(bytes)).toBe(true);
  });

  it('come out of cat the same, in chunks of any size', async () => {
    const path = (await findProgram('cat')) ?? '';
    const stage = throughProgram({ path, arguments: [] });
    const chunks = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(chunks, async (chunks) => {
        async function* source() {
          yield* chunks;
        }
        expect((await collect(stage(source()))).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('come with its arguments as they are, without a shell', async () => {
    const stage = throughProgram({ path: '/bin/echo', arguments: ['$HOME', "a 'b'; c"] });
    expect((await collect(stage(streamOf(Buffer.alloc(0))))).toString()).toBe("$HOME a 'b'; c\n");
  });

  it('may be none, in and out', async () => {
    expect((await collect(shell('cat')(streamOf(Buffer.alloc(0))))).length).toBe(0);
    expect((await collect(shell('cat >/dev/null')(streamOf(bytes)))).length).toBe(0);
  });

  it('come out although the program complains, if it ends well', async () => {
    const output = await collect(shell('echo warning >&2; cat')(streamOf(Buffer.from('x'))));
    expect(output.toString()).toBe('x');
  });

  it('may stay unread where the program knows its end itself, and only then', async () => {
    const program = { path: '/bin/sh', arguments: ['-c', 'head -c 10; exec <&-'] };
    const accepting = throughProgram(program, { unread: 'accept' });
    expect((await collect(accepting(streamOf(bytes)))).length).toBe(10);
    const refusing = await outcomeOf(() => collect(throughProgram(program)(streamOf(bytes))));
    expect(refusing.kind).toBe('failure');
    const failing = { path: '/bin/sh', arguments: ['-c', 'exec <&-; exit 2'] };
    const stage = throughProgram(failing, { unread: 'accept' });
    expect((await outcomeOf(() => collect(stage(streamOf(bytes))))).kind).toBe('failure');
  });

  it.each([
    ['ends with a status', 'cat >/dev/null; exit 3', 'status 3'],
    ['says why', 'echo "no room" >&2; exit 1', 'no room'],
    ['is killed', 'head -c 1000; kill -9 $$', 'killed by SIGKILL'],
    ['prints all and fails then', 'cat; exit 1', 'status 1'],
    ['has read a part and fails then', 'head -c 100000; exit 1', 'status 1'],
    ['is killed at once', 'kill -9 $$', 'killed by SIGKILL'],
    ['is terminated midway', 'head -c 100000; kill -TERM $$', 'killed by SIGTERM'],
    ['closes its input first', 'exec <&-; echo done; exit 7', 'status 7'],
    [
      'ends well before it has read everything',
      'head -c 1000 >/dev/null',
      'before it had read everything',
    ],
  ])('are a failure when it %s', async (_, script, state) => {
    const outcome = await outcomeOf(() => collect(shell(script)(streamOf(bytes, 100_000))));
    expect(outcome).toMatchObject({
      kind: 'failure',
      code: 'program',
      message: expect.stringContaining(state),
    });
  });

  it('are a failure when there is no such program', async () => {
    const stage = throughProgram({ path: '/nowhere/at-all', arguments: [] });
    const outcome = await outcomeOf(() => collect(stage(streamOf(bytes))));
    expect(outcome).toMatchObject({ kind: 'failure', code: 'program' });
  });

  it('pass on the error of their source, and stop the program', async () => {
    async function* failing() {
      yield bytes;
      throw new RangeError('source');
    }
    await expect(collect(shell('cat >/dev/null')(failing()))).rejects.toThrow(RangeError);
  });

  it('are a failure when the file is no program', async () => {
    const path = join(scratch, 'no-program');
    writeFileSync(path, 'x', { mode: 0o600 });
    const outcome = await outcomeOf(() =>
      collect(throughProgram({ path, arguments: [] })(streamOf(bytes))),
    );
    expect(outcome).toMatchObject({
      code: 'program',
      message: expect.stringContaining(`"${path}"`),
    });
  });

  it('stop the program when their source fails', async () => {
    let pid = 0;
    async function* failing() {
      yield bytes.subarray(0, 1);
      await expect.poll(() => pid, { timeout: 30_000 }).toBeGreaterThan(1);
      throw new RangeError('source');
    }
    const run = async () => {
      for await (const chunk of shell('echo $$; exec cat >/dev/null')(failing())) {
        pid = Number.parseInt(Buffer.from(chunk).toString('latin1'), 10);
      }
    };
    await expect(run()).rejects.toThrow('source');
    await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
  });

  it('leave no process behind when nobody wants the rest', async () => {
    let pid = 0;
    for await (const chunk of shell('echo $$; exec cat')(streamOf(bytes, 100_000))) {
      pid = Number.parseInt(Buffer.from(chunk).toString('latin1'), 10);
      break;
    }
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('program on the PATH', () => {
  it('is the first one that can be executed', async () => {
    const folders = ['none', 'folder', 'plain', 'first', 'second'].map((name) =>
      join(scratch, name),
    );
    for (const path of folders.slice(1)) mkdirSync(path);
    const [, folder = '', plain = '', first = '', second = ''] = folders;
    const name = 'some-program';
    mkdirSync(join(folder, name));
    writeFileSync(join(plain, name), '', { mode: 0o644 });
    for (const path of [first, second]) writeFileSync(join(path, name), '', { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = ['', ...folders].join(delimiter);
    try {
      expect(await findProgram(name)).toBe(join(first, name));
    } finally {
      process.env['PATH'] = before;
    }
  });

  it('is found with its absolute path, and one that is not there is not', async () => {
    expect(await findProgram('sh')).toMatch(/^\/.*\/sh$/);
    expect(await findProgram('no-such-program-here')).toBeUndefined();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
