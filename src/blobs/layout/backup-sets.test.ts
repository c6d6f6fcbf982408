import { describe, expect, it } from 'vitest';
import { stamp } from '../../../test/support/stamp.ts';
import { backupSets } from './backup-sets.ts';
import type { BlobEntry } from './catalogue.ts';
import { parseEntryName } from './entry-name.ts';

/** Entries of January 2026, newest first: `6.delta.tar` is of the 6th. */
const entries = (...names: readonly string[]) =>
  names.map((short): BlobEntry => {
    const [day = '', ...ending] = short.split('.');
    const moment = `2026-01-${day.padStart(2, '0')}-00-00-00`;
    const name = ['b', moment, ...ending].join('.');
    const parsed = parseEntryName(name, ending.length === 0 ? 'directory' : 'file');
    if (parsed === undefined) throw new RangeError(name);
    return {
      ...parsed,
      record: undefined,
      recordedAs: 'nothing',
      stamp: stamp(moment),
      stampFrom: 'name',
    };
  });

const short = (name: string) => name.replace(/^b\.2026-01-0?(\d+)-00-00-00/, '$1');

const sorted = (...names: readonly string[]) =>
  backupSets(entries(...names)).map((set) => set.entries.map(({ name }) => short(name)));

describe('backupSets', () => {
  it.each<readonly [readonly string[], readonly (readonly string[])[]]>([
    [[], []],
    [
      ['3', '2', '1'],
      [['3'], ['2'], ['1']],
    ],
    [
      ['3.tar', '2.tar.gz', '1.tar'],
      [['3.tar'], ['2.tar.gz'], ['1.tar']],
    ],
    [
      ['6.delta.tar', '5.delta.tar', '4.snar', '4.tar', '2.delta.tar', '1.snar', '1.tar'],
      [
        ['6.delta.tar', '5.delta.tar', '4.snar', '4.tar'],
        ['2.delta.tar', '1.snar', '1.tar'],
      ],
    ],
    [['2.delta.tar'], [['2.delta.tar']]],
    [['2.snar'], [['2.snar']]],
    [
      ['3.snar', '2.tar'],
      [['3.snar'], ['2.tar']],
    ],
    [
      ['3', '2.delta.tar', '2', '1.snar', '1.tar'],
      [['3'], ['2.delta.tar', '1.snar', '1.tar'], ['2']],
    ],
  ])('%j', (names, expected) => {
    expect(sorted(...names)).toEqual(expected);
  });

  it('gives a chain the stamp of its newest', () => {
    const [chain] = backupSets(entries('6.delta.tar', '4.snar', '4.tar'));
    expect(chain).toMatchObject({ family: 'archives', newest: { stamp: '2026-01-06-00-00-00' } });
  });

  it('calls a state or deltas alone orphans', () => {
    const worths = (...names: readonly string[]) =>
      backupSets(entries(...names)).map(({ worth }) => worth);
    expect(worths('3.snar', '2.tar', '1.delta.tar')).toEqual(['orphan', 'backup', 'orphan']);
    expect(worths('6.delta.tar', '4.snar', '4.tar', '3')).toEqual(['backup', 'backup']);
  });
});
