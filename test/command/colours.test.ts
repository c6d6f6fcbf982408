import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();
const RED_ERROR = '\u001b[31mError:\u001b[39m';

async function shown(words: readonly string[], env: Readonly<Record<string, string>>) {
  const session = onTerminal(words, scratch, env);
  await session.ended;
  return session.text();
}

describe('colours', () => {
  it.each([['list'], ['list', '--wrong']])(
    'are on a terminal that has them: %s',
    async (...words) => {
      expect(await shown(words, {})).toContain(RED_ERROR);
    },
  );

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('are not there with %o', async (env) => {
    const text = await shown(['list'], env);
    expect(text).toContain('Error: ');
    expect(text).not.toContain('\u001b');
  });

  it('mark the state of a check', async () => {
    mkdirSync(join(scratch, 'empty'));
    const words = ['check', '--datafs', 'none.fs', '--location', 'empty'];
    expect(await shown(words, {})).toContain('ZODBVAULT \u001b[31mCRITICAL\u001b[39m');
  });
});
