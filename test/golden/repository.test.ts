import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { backUp } from '../../src/operations/backup/backup-filestorage.ts';
import { restore } from '../../src/operations/restore/restore-filestorage.ts';
import { verify } from '../../src/operations/verify/verify.ts';
import { parseRestoreTarget } from '../../src/repository/restore-target.ts';
import { zodbvault } from '../support/command.ts';
import { quietContext } from '../support/quiet-context.ts';
import { scratchFolder } from '../support/scratch.ts';
import { GOLDEN, goldenStates } from './states.ts';

const scratch = scratchFolder();
const cases = (['bushy', 'lawn'] as const).flatMap((site) =>
  (['plain', 'gzip'] as const).map((kind) => ({ site, kind })),
);

/** The names in repozo's repository but for its increments of 0 bytes, which we don't make. */
const EMPTY_INCREMENTS = ['2026-03-05-04-05-06', '2026-03-06-04-05-06'];

describe.each(cases)('repository of the golden states of $site, $kind,', ({ site, kind }) => {
  const golden = join(GOLDEN, site, `repozo-${kind}`);
  const states = goldenStates.filter((state) => state.site === site);

  it('has the names, the .dat, the .index and the content that repozo made', async () => {
    const repository = join(scratch, `${site}-${kind}`);
    for (const [number, state] of states.entries())
      await backUpState(repository, { state, number });
    const names = readdirSync(repository).filter((name) =>
      /\.(dat|index|(delta)?fsz?)$/.test(name),
    );
    const expected = readdirSync(golden).filter(
      (name) => !EMPTY_INCREMENTS.includes(name.slice(0, 19)),
    );
    expect(names.sort()).toEqual(expected.sort());
    for (const name of expected) {
      const ours = readFileSync(join(repository, name));
      const theirs = readFileSync(join(golden, name));
      expect([name, contentOf(name, ours)]).toEqual([name, contentOf(name, theirs)]);
    }
  });

  it('is continued at any point where repozo began it, and restores every state', async () => {
    for (let begun = 1; begun < states.length; begun++) {
      const repository = join(scratch, `${site}-${kind}-${begun}`);
      cpSync(golden, repository, { recursive: true });
      for (const name of readdirSync(repository)) {
        if (name > `2026-03-0${begun + 1}`) rmSync(join(repository, name));
      }
      const dats = readdirSync(repository).filter((name) => name.endsWith('.dat'));
      for (const dat of dats) cutDat(join(repository, dat), `2026-03-0${begun + 1}`);
      for (const [number, state] of states.entries()) {
        if (number >= begun) await backUpState(repository, { state, number });
      }
      for (const [number, state] of states.entries()) {
        const out = join(scratch, 'out', `${site}-${kind}-${begun}-${number}.fs`);
        const wanted = parseRestoreTarget(`2026-03-0${number + 1}-12`);
        const how = { heldLock: 'refuse', earlierState: 'replace', old: 'discard' } as const;
        const now = () => new Date();
        await restore({ repository, wanted, target: out, ...how, now }, quietContext());
        const expected = readFileSync(state.dataFs).subarray(0, state.facts.committedEnd);
        expect(readFileSync(out).equals(expected)).toBe(true);
      }
      const findings = await verify(
        { repository, depth: 'thorough', chains: 'all' },
        quietContext(),
      );
      expect(findings.filter(({ kind }) => kind === 'bad')).toEqual([]);
    }
  });

  it('is recovered and verified with the words of repozo', async () => {
    for (const [number, state] of states.entries()) {
      const date = `2026-03-0${number + 1}-23-59-59`;
      const out = join(scratch, `${site}-${kind}-recovered`);
      const expected = readFileSync(state.dataFs).subarray(0, state.facts.committedEnd);
      if (number % 2 === 0) {
        const toFile = await zodbvault(['repozo', '-R', '-r', golden, '-D', date, '-o', out]);
        expect([toFile.status, toFile.stdout, toFile.stderr]).toEqual([0, '', '']);
        expect(readFileSync(out).equals(expected)).toBe(true);
        continue;
      }
      const toStdout = await zodbvault([
        'repozo',
        '--recover',
        `--repository=${golden}`,
        `--date=${date}`,
      ]);
      expect(toStdout.output.equals(expected)).toBe(true);
    }
    expect(await zodbvault(['repozo', '-V', '-r', golden])).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(await zodbvault(['repozo', '-V', '-Q', '-r', golden])).toMatchObject({ status: 0 });
  });

  async function backUpState(
    repository: string,
    { state, number }: { readonly state: (typeof states)[number]; readonly number: number },
  ): Promise<void> {
    mkdirSync(repository, { recursive: true });
    await backUp(
      {
        dataFs: state.dataFs,
        repository,
        full: 'when-needed',
        comparison: 'quick',
        compression:
          kind === 'gzip'
            ? { kind: 'gzip', compressor: 'node', level: undefined }
            : { kind: 'none' },
        keep: 0,
        pruneAfter: 'full-backup',
        missingRepository: 'fail',
        confirmation: 'reread',
        now: () => new Date(`2026-03-0${number + 1}T04:05:06Z`),
        random: () => 0.5,
      },
      quietContext(),
    );
  }
});

/** What must be equal: text without the repository's path, bytes without their compression. */
function contentOf(name: string, bytes: Buffer): string {
  if (!name.endsWith('.dat')) {
    const content = name.endsWith('z') ? gunzipSync(bytes) : bytes;
    return createHash('sha256').update(content).digest('hex');
  }
  return bytes
    .toString()
    .split('\n')
    .filter((line) => !EMPTY_INCREMENTS.some((stamp) => line.includes(stamp)))
    .map((line) => line.slice(line.lastIndexOf('/') + 1))
    .join('\n');
}

function cutDat(path: string, before: string): void {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && line.slice(line.lastIndexOf('/') + 1) < before);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}
