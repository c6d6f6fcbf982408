import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describe('a name of before', () => {
  it.each([
    [['retire', '--damaged'], "the command 'retire' has another name: delete"],
    [['rehearse'], "the command 'rehearse' has another name: test-restore"],
    [['repeat', '--at-start'], "the command 'repeat' has another name: run-schedule"],
    [
      ['run-schedule', '--rehearse=5 * * * *'],
      "the option '--rehearse' has another name: --test-restore",
    ],
  ])('is refused, and the new one is named: %s', async (words, said) => {
    const site = await newSite(scratch, 5);
    const { status, stderr } = await site.run(words);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`Error: ${said}.\nHint: Write`)]);
  });

  it('of a variable is refused, too', async () => {
    const site = await newSite(scratch, 5);
    const env = { ZODBVAULT_REHEARSE_SCHEDULE: '5 * * * *' };
    for (const words of [['run-schedule'], ['list'], ['backup']]) {
      const { status, stderr } = await site.run(words, { env });
      expect([status, stderr]).toEqual([
        2,
        expect.stringContaining('ZODBVAULT_TEST_RESTORE_SCHEDULE'),
      ]);
    }
  });
});
