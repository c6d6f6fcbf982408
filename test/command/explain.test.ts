import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILURE_CODES, formatErrorsPage } from '../../src/cli/reference/error-explanations.ts';
import { zodbvault } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();

describe('docs/reference/errors.md', () => {
  it('is what "npm run pages" makes of the table', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8');
    expect(page).toBe(formatErrorsPage());
    for (const code of FAILURE_CODES) expect(page).toContain(`\n## ${code}: `);
  });
});

describe('zodbvault explain', () => {
  it('lists the codes, and says what one means and what to do', async () => {
    const [list, one] = await Promise.all([
      zodbvault(['explain']),
      zodbvault(['explain', 'locked']),
    ]);
    for (const code of FAILURE_CODES) expect(list.stdout).toMatch(new RegExp(`^ ${code} `, 'm'));
    expect(one.stdout).toMatch(/^locked: .*\(exit status 4\)\n\n[\s\S]*\n- .*--wait/);
    expect(Math.max(...one.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('suggests the nearest code', async () => {
    const { status, stderr } = await zodbvault(['explain', 'not-fond']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Did you mean "not-found"?')]);
    const nothing = (await zodbvault(['explain', 'nonsense'])).stderr;
    expect(nothing).toContain(`The codes are ${FAILURE_CODES.join(', ')};`);
    expect(nothing).not.toContain('Did you mean');
  });
});

describe('an error', () => {
  const words = ['list', '--location', '/nowhere'];

  it('names its code behind the hint with -v and on a terminal, not in a log', async () => {
    const inLog = await zodbvault(words);
    expect(inLog.stderr).not.toContain('explain');
    const verbose = await zodbvault([...words, '-v']);
    expect(verbose.stderr).toMatch(/^Error: .*\nHint: .* \(zodbvault explain not-found\)\n$/);
    const session = onTerminal(words, scratch);
    await session.ended;
    expect(session.text()).toContain('(zodbvault explain not-found)');
  });

  it.each([
    [['bakcup'], 'Did you mean backup?'],
    [['backup', '--kep', '3'], 'Did you mean --keep?'],
  ])('of a mistyped word suggests the right one: %j', async (mistyped, suggestion) => {
    const { status, stderr } = await zodbvault(mistyped);
    expect([status, stderr]).toEqual([2, expect.stringContaining(suggestion)]);
    expect(stderr).toMatch(/^Error: /);
  });

  it.each(['schedule', 'check', 'list', 'report', 'config'])(
    'of %s is a sentence and what to do next: in a folder without a site, and for wrong words',
    async (name) => {
      const cwd = join(scratch, 'empty');
      mkdirSync(cwd, { recursive: true });
      const run = async (...words: readonly string[]) => {
        const { stdout, stderr } = await zodbvault([name, ...words], {
          cwd,
          env: { ZODBVAULT_DATA: '' },
        });
        const [said = '', hint = ''] = name === 'check' ? [stdout, stderr] : stderr.split('\n');
        expect([said, hint]).toEqual([
          expect.stringMatching(/^(Error: .*\.|ZODBVAULT (CRITICAL|UNKNOWN) - .*\n)$/),
          expect.stringMatching(/^Hint: .+/),
        ]);
        return said + hint;
      };
      expect(await run()).toContain(name === 'check' ? 'no backup yet in ' : 'Cannot find ');
      expect(await run('--jsno')).toContain("'--jsno'");
      expect(await run('--jsno')).toContain(`Did you mean --json? "zodbvault ${name} --help"`);
      expect(await run('x', '--location', 'y')).toMatch(
        name === 'config' ? /buildout/ : /unexpected word 'x' behind "\w+"/,
      );
    },
  );
});
