import { describe, expect, it } from 'vitest';
import { stamp } from '../../../test/support/stamp.ts';
import { LATEST_BACKUP, parseRestoreTarget } from '../../repository/restore-target.ts';
import { folderStore } from '../../stores/folder-store.ts';
import type { BlobEntry } from './catalogue.ts';
import {
  type BlobsToChooseFrom,
  chainFinder,
  chainOf,
  chooseBlobs,
  chooseBlobsAs23,
  type Wanted,
} from './choose.ts';
import { parseEntryName } from './entry-name.ts';

const at = (day: number) => stamp(`2026-01-${String(day).padStart(2, '0')}-00-00-00`);

/** A catalogue as it is read: newest first. A day gives its stamp to a numbered entry. */
function catalogue(
  ...entries: readonly (readonly [name: string, day: number])[]
): BlobsToChooseFrom {
  return {
    isCertain: () => false,
    store: folderStore('/backups'),
    foreign: [],
    entries: entries.map(([name, day]): BlobEntry => {
      const parsed = parseEntryName(name, /\.(tar|snar)/.test(name) ? 'file' : 'directory');
      if (parsed === undefined) throw new RangeError(name);
      return {
        ...parsed,
        record: undefined,
        recordedAs: 'nothing',
        stamp: at(day),
        stampFrom: 'name',
      };
    }),
  };
}

const point = (day: number, next?: number): Wanted['moment'] => ({
  kind: 'point',
  stamp: at(day),
  next: next === undefined ? undefined : at(next),
});

const chosen = (
  from: BlobsToChooseFrom,
  moment: Wanted['moment'],
  preferred: Wanted['preferred'] = 'directories',
) => {
  const choice = chooseBlobs(from, { moment, preferred });
  return choice && [choice.entry.name, choice.match];
};

describe('chooseBlobs, for a Data.fs backup,', () => {
  const numbered = catalogue(['b.0', 9], ['b.1', 6], ['b.2', 3]);

  it.each([
    ['the one of the same stamp', 6, 9, ['b.1', 'exact']],
    ['the first after it, before the next backup', 5, 8, ['b.1', 'after']],
    ['the first after it, where it is the newest', 7, undefined, ['b.0', 'after']],
    ['the last before it, where the next backup comes first', 4, 5, ['b.2', 'earlier']],
    ['the newest, where all are earlier', 20, undefined, ['b.0', 'earlier']],
    ['none, where all belong to later backups', 1, 2, undefined],
  ])('%s', (_, day, next, expected) => {
    expect(chosen(numbered, point(day, next))).toEqual(expected);
  });

  it('takes a directory or an archive of the same stamp as preferred, and else what there is', () => {
    const both = catalogue(['b.5.tar', 5], ['b.5', 5], ['b.4.tar', 4]);
    expect(chosen(both, point(5), 'archives')).toEqual(['b.5.tar', 'exact']);
    expect(chosen(both, point(5), 'directories')).toEqual(['b.5', 'exact']);
    expect(chosen(both, point(4), 'directories')).toEqual(['b.4.tar', 'exact']);
  });

  it('never prefers an old archive to a new directory', () => {
    expect(chosen(catalogue(['b.0', 9], ['b.0.tar', 1]), point(9), 'archives')).toEqual([
      'b.0',
      'exact',
    ]);
  });
});

describe('chooseBlobs, where the blob directory was renamed,', () => {
  /** `b` now, and `a` in between; entries with a `!` say whose they are. */
  const named = (...names: readonly (readonly [name: string, day: number])[]) => {
    const certain = names.flatMap(([name]) => (name.endsWith('!') ? [name.slice(0, -1)] : []));
    const { entries, ...all } = catalogue(
      ...names.map(([name, day]) => [name.replace('!', ''), day] as const),
    );
    return {
      ...all,
      entries: entries.filter(({ base }) => base === 'b'),
      foreign: entries.filter(({ base }) => base !== 'b'),
      isCertain: ({ name }: BlobEntry) => certain.includes(name),
    };
  };

  it.each([
    [
      'takes the exact one by any name',
      [
        ['b.0!', 9],
        ['a.0!', 6],
        ['b.1!', 3],
      ],
      ['a.0', 'exact'],
    ],
    [
      'also one that does not say whose it is',
      [
        ['b.0', 9],
        ['a.0', 6],
      ],
      ['a.0', 'exact'],
    ],
    [
      'prefers the one that says so',
      [
        ['b.0', 6],
        ['a.0!', 6],
      ],
      ['a.0', 'exact'],
    ],
    [
      'and of two such the one of its name',
      [
        ['b.0!', 6],
        ['a.0!', 6],
      ],
      ['b.0', 'exact'],
    ],
    [
      'takes the next by any name',
      [
        ['b.0!', 9],
        ['a.0!', 7],
        ['b.1!', 3],
      ],
      ['a.0', 'after'],
    ],
    [
      'but not of somebody else',
      [
        ['b.0', 9],
        ['a.0', 7],
        ['b.1', 3],
      ],
      ['b.1', 'earlier'],
    ],
    [
      'takes an earlier one by any name',
      [
        ['b.0!', 9],
        ['a.0!', 5],
        ['b.1!', 3],
      ],
      ['a.0', 'earlier'],
    ],
  ] as const)('%s', (_, entries, expected) => {
    expect(chosen(named(...entries), point(6, 9))).toEqual(expected);
  });

  it('takes what says whose it is for a date, and else what there is', () => {
    const day = (date: string | undefined) =>
      ({ kind: 'target', target: parseRestoreTarget(date) }) as const;
    const from = named(['b.0', 9], ['b.1!', 6], ['b.2', 3]);
    expect(chosen(from, day(undefined))).toEqual(['b.1', 'exact']);
    expect(chosen(from, day('2026-01-05'))).toEqual(['b.2', 'exact']);
  });
});

describe('chooseBlobs, for a date alone,', () => {
  const three = catalogue(['b.0', 9], ['b.1', 6], ['b.2', 3]);

  it.each([
    [undefined, 'b.0'],
    ['2026-01-09-00-00-00', 'b.0'],
    ['2026-01-09', 'b.1'],
    ['2026-01-06-00-00-00', 'b.1'],
    ['2026-01-05-23-59-59', 'b.2'],
    ['2026-01-03', undefined],
    ['1972-12-25', undefined],
    ['2099-01-01', 'b.0'],
  ])('%s: %s', (date, name) => {
    expect(chosen(three, { kind: 'target', target: parseRestoreTarget(date) })?.[0]).toBe(name);
  });
});

describe('chooseBlobsAs23', () => {
  const three = catalogue(['b.0', 9], ['b.1', 6], ['b.2', 3]);

  it.each([
    [undefined, 'b.0', 'exact'],
    ['2026-01-06-00-00-00', 'b.1', 'exact'],
    ['2026-01-05', 'b.1', 'exact'],
    ['1972-12-25', 'b.2', 'exact'],
    ['2026-01-10', 'b.0', 'earlier'],
  ])('%s: the oldest at or after it, or else the newest: %s', (date, name, match) => {
    const wanted = parseRestoreTarget(date);
    const moment = { kind: 'target', target: wanted } as const;
    const choice = chooseBlobsAs23(three, { wanted, moment, preferred: 'directories' });
    expect([choice?.entry.name, choice?.match]).toEqual([name, match]);
  });

  it.each([
    [6, 9, 'exact'],
    [5, 9, 'after'],
    [3, 5, 'later'],
    [7, undefined, 'earlier'],
  ])('says how well it fits a point: of %s, before %s: %s', (day, next, match) => {
    const wanted = parseRestoreTarget(at(6));
    const how = { wanted, moment: point(day, next), preferred: 'directories' } as const;
    expect(chooseBlobsAs23(three, how)).toMatchObject({ entry: { name: 'b.1' }, match });
  });

  it('finds nothing in nothing', () => {
    expect(
      chooseBlobsAs23(catalogue(), {
        wanted: LATEST_BACKUP,
        moment: { kind: 'target', target: LATEST_BACKUP },
        preferred: 'directories',
      }),
    ).toBeUndefined();
  });
});

describe('chainOf', () => {
  const chain = (from: BlobsToChooseFrom, name: string) => {
    const last = from.entries.find((entry) => entry.name === name);
    if (last === undefined) throw new RangeError(name);
    return chainOf(from, last).map((entry) => entry.name);
  };
  const named = (day: number, ending: string) => [`b.${at(day)}${ending}`, day] as const;
  const whole = [
    named(6, '.delta.tar'),
    named(5, '.delta.tar.gz'),
    named(4, '.snar'),
    named(4, '.tar'),
    named(2, '.delta.tar'),
    named(1, '.snar'),
    named(1, '.tar'),
  ];

  it('goes back to the complete archive', () => {
    const all = catalogue(...whole);
    expect(chain(all, whole[0]?.[0] ?? '')).toEqual(
      [whole[3], whole[1], whole[0]].map((one) => one?.[0]),
    );
    expect(chain(all, whole[3]?.[0] ?? '')).toEqual([whole[3]?.[0]]);
  });

  it('keeps to the archives of one base, however many are looked for', () => {
    const ofOther = whole.map(([name, day]) => [name.replace('b.', 'c.'), day] as const);
    const { entries, ...rest } = catalogue(...whole, ...ofOther);
    const chainTo = chainFinder({ ...rest, entries });
    const last = entries.filter(({ form }) => form === 'delta');
    expect(last).toHaveLength(6);
    for (const entry of last) {
      const found = chainTo(entry);
      expect(new Set(found.map(({ base }) => base))).toEqual(new Set([entry.base]));
      expect(found).toEqual(chainOf({ ...rest, entries }, entry));
      expect(found[0]?.form).toBe('archive');
    }
  });

  it('takes no other chain for one that has lost its beginning', () => {
    const lost = catalogue(...whole.filter((_, index) => index !== 3));
    expect(() => chain(lost, whole[0]?.[0] ?? '')).toThrow(/complete archive of 2026-01-04/);
    const alone = catalogue(...whole.slice(0, 2));
    expect(() => chain(alone, whole[0]?.[0] ?? '')).toThrow(/missing/);
  });

  it('refuses an archive that is not the one that was recorded', () => {
    const { entries, ...rest } = catalogue(...whole);
    const swapped = entries.map(
      (entry, index): BlobEntry => (index === 1 ? { ...entry, recordedAs: 'other' } : entry),
    );
    expect(() => chain({ ...rest, entries: swapped }, whole[0]?.[0] ?? '')).toThrow(/recorded/);
  });
});
