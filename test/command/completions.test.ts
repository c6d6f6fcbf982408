import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { describeCommand } from '../../src/cli/reference/command-table.ts';
import { formatManPage } from '../../src/cli/reference/man-page.ts';
import { findProgram } from '../../src/system/processes/programs.ts';
import { runProgram, zodbvault } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { programOnTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const hasProgram = Object.fromEntries(
  await Promise.all(
    [...SHELLS, 'groff'].map(async (name) => [name, (await findProgram(name)) !== undefined]),
  ),
);
for (const name of [...SHELLS, 'groff']) {
  if (!hasProgram[name]) console.log(`${name} is not here: its tests are skipped`);
}

const scriptOf = (shell: Shell) => join(scratch, `${shell}.completions`);

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { stdout } = await zodbvault(['completions', shell]);
    writeFileSync(scriptOf(shell), stdout);
  }
  mkdirSync(join(scratch, 'a folder'));
  writeFileSync(join(scratch, 'site.cfg'), '');
});

/** What is written, and what must come of it when the key is pressed. */
const COMPLETED = [
  ['zodbvault test-r', 'zodbvault test-restore'],
  ['zodbvault backup --verify-af', 'zodbvault backup --verify-after-backup'],
  ['zodbvault backup --kind sn', 'zodbvault backup --kind snapshot'],
  ['zodbvault backup --kind=sn', 'zodbvault backup --kind=snapshot'],
  ['zodbvault config --config si', 'zodbvault config --config site.cfg'],
  ['zodbvault explain dam', 'zodbvault explain damaged'],
  ['zodbvault completions zs', 'zodbvault completions zsh'],
] as const;

/** Ctrl-U. */
const CLEAR_LINE = '\u0015';

const START: Readonly<Record<'bash' | 'zsh', readonly string[]>> = {
  bash: ['bash', '--noprofile', '--norc', '-i'],
  zsh: ['zsh', '-f', '-i'],
};

describe.each(['bash', 'zsh'] as const)('completions of %s', (shell) => {
  it.skipIf(!hasProgram[shell])('complete commands, options, choices and files', async () => {
    const session = programOnTerminal(START[shell], { cwd: scratch, env: { PS1: '$ ' } });
    const load = shell === 'zsh' ? 'autoload -U compinit; compinit -u -D; ' : '';
    session.type(`${load}source ${scriptOf(shell)}; echo load''ed\r`);
    await session.waitFor('loaded');
    for (const [written, wanted] of COMPLETED) {
      session.type(`${written}\t`);
      await session.waitFor(wanted);
      session.type(CLEAR_LINE);
    }
    session.type('zodbvault demo a\t');
    await session.waitFor('zodbvault demo a\\ folder');
    session.type(`${CLEAR_LINE}exit\r`);
    await session.ended;
  });
});

describe('completions of fish', () => {
  it.skipIf(!hasProgram['fish'])('complete commands, options, choices and files', async () => {
    const lines = COMPLETED.map(([written]) => `echo (complete -C '${written}')`);
    const script = `source ${scriptOf('fish')}; ${lines.join('; ')}`;
    const { stdout, stderr } = await runProgram('fish', ['--no-config', '-c', script], {
      cwd: scratch,
      env: { HOME: scratch },
    });
    expect(stderr).toBe('');
    const offered = stdout.split('\n');
    for (const [position, [, wanted]] of COMPLETED.entries()) {
      expect(offered[position]).toContain(wanted.split(' ').at(-1));
    }
  });
});

describe('completions', () => {
  it.each(SHELLS)('of %s offer everything that --help shows', async (shell) => {
    const script = readFileSync(scriptOf(shell), 'utf8');
    for (const { name, options } of describeCommand(await buildProgram()).commands) {
      expect(script).toContain(name);
      for (const { long = '' } of options) expect(script).toContain(long.slice(2));
    }
  });
});

describe('man/zodbvault.1', () => {
  const path = join(import.meta.dirname, '../../man/zodbvault.1');

  it('is what "npm run pages" makes of the tables of --help', async () => {
    expect(readFileSync(path, 'utf8')).toBe(formatManPage(describeCommand(await buildProgram())));
  });

  it.skipIf(!hasProgram['groff'])(
    'is taken by groff without a warning, and can be read',
    async () => {
      const words = ['-man', '-Tutf8', '-ww', '-P-cbou', path];
      const { stdout, stderr, status } = await runProgram('groff', words);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('--verify-after-backup <depth>');
      expect(stdout).toContain('buildout’s');
    },
  );
});
