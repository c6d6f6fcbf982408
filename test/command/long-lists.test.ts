/** What a command prints may be very long: it gives way meanwhile, so that a signal is heard. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatRun, type Run } from '../../src/repository/records/run-history.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const MONITOR = join(import.meta.dirname, '../support/turns.mjs');

/** Runs the built command; `turns` is how often something else had its turn while it printed. */
async function runWatched(folder: string, words: readonly string[]) {
  const turns = join(scratch, 'turns');
  const program = ['--import', MONITOR, COMMAND, ...words];
  const { status, stdout, stderr } = await runProgram(process.execPath, program, {
    cwd: folder,
    env: { TURNS: turns },
  });
  const lines = stdout.trimEnd().split('\n').length;
  return { status, stderr, lines, turns: Number(readFileSync(turns, 'utf8')) };
}

describe('a long list', () => {
  it('of transactions lets others have their turn', async () => {
    const count = 60_000;
    const log = new LogBuilder();
    for (let oid = 0; oid < count; oid++) log.add([{ oid, pickle: Buffer.from('N.') }]);
    writeFileSync(join(scratch, 'Data.fs'), log.bytes());
    for (const [words, lines] of [
      [['--json'], count + 1],
      [[], count + 1],
    ] as const) {
      const ended = await runWatched(scratch, ['log', 'Data.fs', '--limit', '999999', ...words]);
      expect(ended).toMatchObject({ status: 0, lines });
      expect(ended.turns).toBeGreaterThan(0);
    }
  });

  it('of runs does so, and may be longer than the arguments of a function', async () => {
    const count = 150_000;
    const repository = join(scratch, 'var/backups');
    mkdirSync(repository, { recursive: true });
    mkdirSync(join(scratch, 'var/filestorage'));
    writeFileSync(join(scratch, 'var/filestorage/Data.fs'), 'FS30');
    const run = {
      ...({ verb: 'backup', of: 'backup', part: 'backup', result: 'done' } as const),
      ...{ seconds: 1, readBytes: 1, storedBytes: 1, blobBytes: 0, warnings: 0 },
    };
    const lines = Array.from({ length: count }, (_, minute) => {
      const begun = new Date(Date.UTC(2020, 0, 1) + minute * 60_000).toISOString();
      return `${formatRun({ ...run, begun } satisfies Run)}\n`;
    });
    writeFileSync(join(repository, '.zodbvault.runs.jsonl'), lines.join(''));
    const ended = await runWatched(scratch, ['history', '--last', '999999', '--json']);
    expect(ended).toMatchObject({ status: 0, stderr: '', lines: count + 1 });
    expect(ended.turns).toBeGreaterThan(0);
    expect(await runWatched(scratch, ['history'])).toMatchObject({ status: 0, lines: 21 });
  });
});
