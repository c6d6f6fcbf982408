import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Remedy } from '../../../system/remedy.ts';
import { adviceOf, REMEDIES } from './advice.ts';

const SOURCE = join(import.meta.dirname, '../../..');

/** All below the command line, without the list of the remedies. */
const others = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^cli\/|\.test\.ts$|^system\/remedy\.ts$/.test(path))
  .map((path) => readFileSync(join(SOURCE, path), 'utf8'));

describe('what to do about a failure', () => {
  it.each(Object.keys(REMEDIES))('%s is said somewhere', (kind) => {
    expect(others.some((text) => text.includes(`kind: '${kind}'`))).toBe(true);
  });

  it('is a sentence as it stands', () => {
    expect(adviceOf('Free some space.')).toBe('Free some space.');
  });

  it.each<[Remedy, string, string]>([
    [{ kind: 'find-backups' }, '--location', '[site]'],
    [{ kind: 'stop-server' }, '"zodbvault restore --force"', '--part site --force'],
    [{ kind: 'better-restore-point', stamp: '2026-03-01-04-05-06' }, 'restore -n 2026', 'Add 2026'],
    [
      { kind: 'bring-back-data-fs', hasBackups: true, saidBy: { is: 'nothing' } },
      '--datafs',
      'in [site]',
    ],
  ])('differs for who runs a script of a part: %o', (remedy, alone, inPart) => {
    expect(adviceOf(remedy)).toContain(alone);
    expect(adviceOf(remedy)).not.toContain(inPart);
    expect(adviceOf(remedy, 'site')).toContain(inPart);
  });

  it('is several sentences, one behind the other', () => {
    const hints = [{ kind: 'name-one-file' }, 'Or move one away.'] as const;
    expect(adviceOf({ kind: 'several', hints })).toBe(
      'Name one of the files with --config. Or move one away.',
    );
  });
});
