import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaySessions } from '../tools/sessions.ts';

/** The same but for what differs from run to run: moments, durations, and sizes that compression decides. */
function withoutNumbers(page: string): string {
  return page
    .replaceAll(/\d{4}-\d\d-\d\d[- ]\d\d[-:]\d\d[-:]\d\d/g, 'MOMENT')
    .replaceAll(/[+-]\d\d:\d\d/g, 'OFFSET')
    .replaceAll(/(less than a minute|\d+ min) old/g, 'AGE old')
    .replaceAll(/\d[\d.]* ([kM]?B|s)\b/g, 'NUMBER $1')
    .replaceAll(/ +/g, ' ');
}

it('the sessions of the README are what the commands say ("npm run examples" writes them)', async () => {
  const page = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(withoutNumbers(await replaySessions(page))).toBe(withoutNumbers(page));
});
