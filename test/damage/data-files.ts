import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { smallDatabase } from '../support/small-database.ts';
import {
  append,
  change,
  cut,
  type DamageCase,
  exchange,
  flip,
  lose,
  middleOf,
  replaceBy,
} from './damage-case.ts';
import { type Place, STAMPS } from './healthy-sites.ts';

const NUMBERS = [0, 1, 2] as const;
const WHICH = ['the full backup', 'the first increment', 'the newest increment'] as const;

/** Where the fields of the first transaction stand, in a file that begins with it. */
const FIELDS: readonly (readonly [name: string, offset: number])[] = [
  ['tid', 7],
  ['length', 15],
  ['status', 16],
  ['length of the user', 18],
  ['length of the extension', 22],
];
/** The same in the header of its first record, which follows the strings. */
const RECORD_FIELDS: readonly (readonly [name: string, offset: number])[] = [
  ['oid', 7],
  ['tid of a record', 15],
  ['previous pointer', 23],
  ['position of its transaction', 31],
  ['length of the data', 41],
  ['first opcode of the pickle', 42],
];

/** Damage to a data file of the repository. */
export function dataFileDamages(): readonly DamageCase[] {
  return [
    ...NUMBERS.flatMap(flippedFields),
    ...NUMBERS.flatMap(flippedGzip),
    ...NUMBERS.flatMap(cutFiles),
    ...longerFiles(),
    ...lostAndExchanged(),
  ];
}

type Draft = Omit<DamageCase, 'kind' | 'names' | 'restore'> & { readonly number: number };

function dataFileCase(kind: string, { number, ...draft }: Draft): DamageCase {
  const names = (place: Place) => STAMPS[number] ?? place.folder;
  return { kind, names, restore: 'refuse', ...draft };
}

function flippedFields(number: 0 | 1 | 2): readonly DamageCase[] {
  const begin = number === 0 ? 4 : 0;
  const kind = 'data file, plain: a bit flipped';
  const make = (field: string, at: (bytes: Buffer) => number) =>
    dataFileCase(kind, {
      name: `${field}, in ${WHICH[number]}`,
      site: 'plain',
      number,
      damage: (place) => {
        const path = place.dataFile(number);
        flip(path, at(readFileSync(path)));
      },
    });
  return [
    ...(number === 0 ? [make('magic', () => 0)] : []),
    ...FIELDS.map(([field, offset]) => make(field, () => begin + offset)),
    ...RECORD_FIELDS.map(([field, offset]) =>
      make(field, (bytes) => recordsBegin(bytes, begin) + offset),
    ),
    make('length behind a transaction', () => -1),
    make('the middle', (bytes) => Math.floor(bytes.length / 2)),
  ];
}

function recordsBegin(bytes: Buffer, begin: number): number {
  return (
    begin +
    23 +
    bytes.readUInt16BE(begin + 17) +
    bytes.readUInt16BE(begin + 19) +
    bytes.readUInt16BE(begin + 21)
  );
}

/** What of a gzip file's header and trailer is looked at, beside the data (RFC 1952). */
const GZIP_PLACES: readonly (readonly [name: string, offset: number])[] = [
  ['magic', 0],
  ['method', 2],
  ['flags', 3],
  ['time', 4],
  ['length of the extra field', 10],
  ['extra field', 16],
  ['checksum', -8],
  ['size', -4],
];

function flippedGzip(number: 0 | 1 | 2): readonly DamageCase[] {
  const kind = 'data file, gzip: a bit flipped';
  const places = GZIP_PLACES.map(([name, offset]) => [name, (_: string) => offset] as const);
  const inside = [0.2, 0.5, 0.8].map(
    (share) => [`data at ${share}`, (path: string) => middleOf(path, share)] as const,
  );
  return [...places, ...inside].map(([name, at]) =>
    dataFileCase(kind, {
      name: `${name}, in ${WHICH[number]}`,
      site: 'gzip',
      number,
      damage: (place) => {
        const path = place.dataFile(number);
        flip(path, at(path));
      },
    }),
  );
}

function cutFiles(number: 0 | 1 | 2): readonly DamageCase[] {
  return (['plain', 'gzip'] as const).flatMap((site) =>
    [0, 1, 22, 0.5, -9, -1].map((size) =>
      dataFileCase(`data file, ${site}: cut`, {
        name: `to ${size}, ${WHICH[number]}`,
        site,
        number,
        damage: (place) => {
          const path = place.dataFile(number);
          cut(path, size === 0.5 ? middleOf(path) : size);
        },
      }),
    ),
  );
}

function longerFiles(): readonly DamageCase[] {
  return (['plain', 'gzip'] as const).flatMap((site) =>
    NUMBERS.flatMap((number) => {
      const make = (name: string, more: (bytes: Buffer) => Uint8Array) =>
        dataFileCase(`data file, ${site}: longer`, {
          name: `${name}, behind ${WHICH[number]}`,
          site,
          number,
          damage: (place) => {
            const path = place.dataFile(number);
            append(path, more(readFileSync(path)));
          },
        });
      return [
        make('a zero', () => Buffer.alloc(1)),
        make('garbage', () => Buffer.from('not of this file')),
        make('the whole file again', (bytes) => bytes),
      ];
    }),
  );
}

function lostAndExchanged(): readonly DamageCase[] {
  const lost = (['plain', 'gzip'] as const).flatMap((site) =>
    NUMBERS.map((number) =>
      dataFileCase('data file: lost', {
        name: `${WHICH[number]}, ${site}`,
        site,
        number,
        damage: (place) => lose(place.dataFile(number)),
      }),
    ),
  );
  const kind = 'data file: another in its place';
  const other = (['plain', 'gzip'] as const).flatMap((site) => [
    dataFileCase(kind, {
      name: `two increments exchanged, ${site}`,
      site,
      number: 1,
      damage: (place) => exchange(place.dataFile(1), place.dataFile(2)),
    }),
    dataFileCase(kind, {
      name: `the first increment twice, ${site}`,
      site,
      number: 2,
      damage: (place) => replaceBy(place.dataFile(2), place.dataFile(1)),
    }),
    dataFileCase(kind, {
      name: `an increment for the full backup, ${site}`,
      site,
      number: 0,
      damage: (place) => replaceBy(place.dataFile(0), place.dataFile(1)),
    }),
    dataFileCase(kind, {
      name: `zeros of the same size, ${site}`,
      site,
      number: 1,
      damage: (place) => change(place.dataFile(1), (bytes) => Buffer.alloc(bytes.length)),
    }),
  ]);
  return [
    ...lost,
    ...other,
    dataFileCase(kind, {
      name: 'the full backup of another database',
      site: 'plain',
      number: 0,
      damage: (place) => change(place.dataFile(0), () => smallDatabase([{ oids: [0, 1] }]).bytes),
    }),
    dataFileCase(kind, {
      name: 'a folder',
      site: 'plain',
      number: 2,
      damage: (place) => {
        const path = place.dataFile(2);
        lose(path);
        mkdirSync(path);
      },
    }),
    dataFileCase(kind, {
      name: 'another name, with which it is no increment',
      site: 'plain',
      number: 1,
      damage: (place) => renameSync(place.dataFile(1), `${place.dataFile(1)}.old`),
    }),
  ];
}
