import { readFileSync, writeFileSync } from 'node:fs';
import {
  append,
  cut,
  type DamageCase,
  exchange,
  flip,
  type Json,
  lose,
  middleOf,
  otherDigit,
  replaceBy,
  rewrite,
  rewriteJson,
} from './damage-case.ts';
import { NEWEST, type Place, STAMPS } from './healthy-sites.ts';

/** Damage to what stands beside the data files: `.dat`, `.index`, `.json`. */
export function sideFileDamages(): readonly DamageCase[] {
  return [...datDamages('plain'), ...datDamages('gzip'), ...indexDamages(), ...recordDamages()];
}

function datDamages(site: 'plain' | 'gzip'): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (place: Place) => void,
    restore: DamageCase['restore'] = 'refuse',
  ): DamageCase => ({
    kind: '.dat',
    name: `${name}, ${site}`,
    site,
    damage,
    names: () => '2026-03-0',
    restore,
  });
  const lines = (name: string, edit: (lines: string[]) => string[], restore?: 'refuse' | 'say') =>
    make(
      name,
      ({ dat }) =>
        rewrite(dat, (text) => {
          const all = text.split('\n').slice(0, -1);
          return edit(all)
            .map((line) => `${line}\n`)
            .join('');
        }),
      restore,
    );
  const inLine = (name: string, number: number, edit: (line: string) => string) =>
    lines(name, (all) => all.map((line, index) => (index === number ? edit(line) : line)));
  const field = (number: number, edit: (value: string) => string) => (line: string) =>
    line
      .split(' ')
      .map((value, index) => (index === number ? edit(value) : value))
      .join(' ');
  return [
    // The records say the same; without the .dat, they speak for the chain.
    make('lost', ({ dat }) => lose(dat), 'equal'),
    make('empty', ({ dat }) => cut(dat, 0), 'equal'),
    make('cut in its last line', ({ dat }) => cut(dat, -10)),
    make('without its last newline', ({ dat }) => cut(dat, -1)),
    make('zeros', ({ dat }) => rewrite(dat, (text) => '\0'.repeat(text.length))),
    make('a line of garbage', ({ dat }) => append(dat, Buffer.from('garbage\n'))),
    lines('lines in another order', ([full = '', one = '', two = '']) => [full, two, one]),
    lines('a line missing in the middle', ([full = '', , two = '']) => [full, two]),
    lines('the first line missing', ([, ...rest]) => rest),
    lines('the last line missing', (all) => all.slice(0, -1), 'say'),
    lines('a line twice', ([full = '', one = '', two = '']) => [full, one, one, two]),
    inLine(
      'another start',
      1,
      field(1, (value) => `${Number(value) + 1}`),
    ),
    inLine(
      'another end',
      2,
      field(2, (value) => `${Number(value) + 1}`),
    ),
    inLine(
      'an end before its start',
      1,
      field(2, () => '1'),
    ),
    inLine('another md5', 0, field(3, otherDigit)),
    inLine('another md5 of an increment', 2, field(3, otherDigit)),
    inLine(
      'the name of a file that is not there',
      1,
      field(0, (path) => path.replace('-02-', '-12-')),
    ),
    inLine(
      'the name of another file',
      2,
      field(0, (path) => path.replace(NEWEST, STAMPS[1])),
    ),
    inLine('a field less', 1, (line) => line.slice(0, line.lastIndexOf(' '))),
  ];
}

function indexDamages(): readonly DamageCase[] {
  const make = (name: string, damage: (place: Place, path: string) => void): DamageCase => ({
    kind: '.index',
    name,
    site: 'plain',
    damage: (place) => damage(place, place.side(2, 'index')),
    names: () => `${NEWEST}.index`,
    // A server makes an index of its own: none is given back rather than a wrong one.
    restore: 'equal',
  });
  return [
    make('lost', (_, path) => lose(path)),
    make('empty', (_, path) => cut(path, 0)),
    make('cut in the middle', (_, path) => cut(path, middleOf(path))),
    make('cut by a byte', (_, path) => cut(path, -1)),
    make('of the backup before', (place, path) => replaceBy(path, place.side(1, 'index'))),
    make('of another database', (_, path) => rewrite(path, () => '\x80\x03K\x04.\x80\x03N.')),
    make('garbage', (_, path) => writeFileSync(path, 'garbage')),
    make('longer', (_, path) => append(path, Buffer.from('more'))),
    make('a bit of its position flipped', (_, path) => flip(path, 3)),
    make('a bit of an oid flipped', (_, path) => flip(path, 40)),
    make('a bit in the middle flipped', (_, path) => flip(path, middleOf(path))),
    make('a bit of the last position flipped', (_, path) => flip(path, -8)),
  ];
}

function recordDamages(): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (path: string, place: Place) => void,
    { number = 1, restore = 'equal' }: { number?: 0 | 1 | 2; restore?: DamageCase['restore'] } = {},
  ): DamageCase => ({
    kind: 'record of a data file (.json)',
    name,
    site: 'gzip',
    damage: (place) => damage(place.side(number, 'json'), place),
    names: () => STAMPS[number],
    restore,
  });
  const lie = (name: string, edit: (record: Json) => void, more?: Parameters<typeof make>[2]) =>
    make(name, (path) => rewriteJson(path, edit), more);
  return [
    make('empty', (path) => cut(path, 0)),
    make('cut', (path) => cut(path, middleOf(path))),
    make('garbage', (path) => writeFileSync(path, 'garbage')),
    make('of another backup', (path, place) => replaceBy(path, place.side(2, 'json'))),
    make('exchanged with that of another backup', (path, place) =>
      exchange(path, place.side(2, 'json')),
    ),
    make('a list', (path) => writeFileSync(path, JSON.stringify([readFileSync(path, 'utf8')]))),
    lie('another start', (record) => {
      record.start += 1;
    }),
    lie('another end', (record) => {
      record.end += 1;
    }),
    lie('another md5', (record) => {
      record.md5 = otherDigit(record.md5);
    }),
    lie(
      'another sha256 of the file',
      (record) => {
        record.stored.sha256 = otherDigit(record.stored.sha256);
      },
      { restore: 'refuse' },
    ),
    lie(
      'another sha256 of the full backup',
      (record) => {
        record.stored.sha256 = otherDigit(record.stored.sha256);
      },
      { number: 0, restore: 'refuse' },
    ),
    lie('the name of another file', (record) => {
      record.stored.name = record.stored.name.replace('2026', '2025');
    }),
    lie(
      'another sha256 of the index',
      (record) => {
        record.index.sha256 = otherDigit(record.index.sha256);
      },
      { number: 2 },
    ),
    lie('a form of another version', (record) => {
      record.format = 3;
    }),
    lie('a field lost', (record) => {
      delete record.samples;
    }),
  ];
}
