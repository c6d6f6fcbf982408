import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
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
import type { Place, SiteName } from './healthy-sites.ts';

const COPIES = ['plain', 'numbers'] as const;

/** Damage to copies of blobs, their records and their checksums. */
export function blobCopyDamages(): readonly DamageCase[] {
  return [
    ...COPIES.flatMap(fileDamages),
    ...(['plain', 'numbers'] as const).flatMap(copyDamages),
    ...(['plain', 'numbers'] as const).flatMap(recordDamages),
  ];
}

/** The last blobs of the site: two of one size. */
function twins({ blobs, copyPath }: Place): readonly [one: string, two: string] {
  const [one = '', two = ''] = blobs.slice(-2);
  return [copyPath(one), copyPath(two)];
}

function oidOf(path: string): string {
  return (path.match(/0x[0-9a-f]{2}(?=\/)/g) ?? [])
    .slice(-8)
    .map((part) => part.slice(2))
    .join('');
}

function fileDamages(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (path: string, place: Place) => void,
    which: 'oldest' | 'newest' = 'newest',
  ): DamageCase => {
    const pathIn = (place: Place) =>
      which === 'newest' ? twins(place)[0] : place.copyPath(place.blobs[0] ?? '');
    return {
      kind: 'blob in a copy',
      name: `${name}, ${site}`,
      site,
      damage: (place) => damage(pathIn(place), place),
      names: ({ blobs }) => oidOf((which === 'newest' ? blobs.at(-2) : blobs[0]) ?? ''),
      restore: 'refuse',
    };
  };
  return [
    make('lost', lose),
    make('lost, an old one', lose, 'oldest'),
    make('empty', (path) => cut(path, 0)),
    make('cut by a byte', (path) => cut(path, -1)),
    make('a byte longer', (path) => append(path, Buffer.alloc(1))),
    make('the first bit flipped', (path) => flip(path, 0)),
    make('a bit in the middle flipped', (path) => flip(path, middleOf(path))),
    make('the last bit flipped', (path) => flip(path, -1)),
    make('a bit flipped in an old one, that all copies share', (path) => flip(path, 99), 'oldest'),
    make('zeros', (path) => writeFileSync(path, Buffer.alloc(3000))),
    make('exchanged with one of the same size', (path, place) => exchange(path, twins(place)[1])),
    make('that of another oid, of the same size', (path, place) =>
      replaceBy(path, twins(place)[1]),
    ),
    make('that of another oid', (path, place) =>
      replaceBy(path, place.copyPath(place.blobs[0] ?? '')),
    ),
    make('under another tid', (path) => renameSync(path, path.replace(/.{2}\.blob$/, 'ff.blob'))),
    make('under another oid', (path) => {
      mkdirSync(join(dirname(path), '../0xfe'));
      renameSync(path, join(dirname(path), '../0xfe', path.slice(dirname(path).length + 1)));
    }),
    make('its folder lost', (path) => lose(dirname(path))),
    make('a folder in its place', (path) => {
      unlinkSync(path);
      mkdirSync(path);
    }),
    make('a link that leads nowhere in its place', (path) => {
      unlinkSync(path);
      symlinkSync('nowhere', path);
    }),
    make('a link to another blob in its place', (path, place) => {
      unlinkSync(path);
      symlinkSync(twins(place)[1], path);
    }),
    make('a hard link of another blob in its place', (path, place) => {
      unlinkSync(path);
      linkSync(twins(place)[1], path);
    }),
  ];
}

function copyDamages(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (place: Place) => void,
    restore: DamageCase['restore'] = 'refuse',
  ): DamageCase => ({
    kind: 'copy of blobs as a whole',
    name: `${name}, ${site}`,
    site,
    damage,
    names: () => 'blob',
    restore,
  });
  return [
    make('.layout lost', ({ copyPath }) => lose(copyPath('.layout'))),
    make('.layout of another kind', ({ copyPath }) => rewrite(copyPath('.layout'), () => 'lawn\n')),
    make('the copy lost', ({ copyPath }) => lose(copyPath())),
    make('the copy empty', ({ copyPath }) => {
      lose(copyPath());
      mkdirSync(copyPath());
    }),
    make('a file that was not there', ({ copyPath }) => writeFileSync(copyPath('more'), 'more')),
    make('two folders', (place) => {
      renameSync(place.copyPath(), join(place.entry(2), 'other'));
      mkdirSync(join(place.entry(2), 'another'));
    }),
    make('the newest copy lost', (place) => lose(place.entry(2)), 'say'),
    make('all copies lost', ({ blobFolder }) => lose(blobFolder)),
    make('the copies of two moments exchanged', (place) => {
      exchange(join(place.entry(1), 'blobstorage'), place.copyPath());
    }),
  ];
}

function recordDamages(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (path: string, place: Place) => void,
    {
      file = '.zodbvault.json',
      restore = 'equal',
    }: { file?: string; restore?: DamageCase['restore'] } = {},
  ): DamageCase => ({
    kind: file === '.zodbvault.json' ? 'record of a copy' : 'checksums of a copy',
    name: `${name}, ${site}`,
    site,
    damage: (place) => damage(join(place.entry(2), file), place),
    names: () => 'blobstorage.',
    restore,
  });
  const lie = (
    name: string,
    edit: (record: Json) => void,
    restore: DamageCase['restore'] = 'refuse',
  ) => make(name, (path) => rewriteJson(path, edit), { restore });
  const sums = (name: string, damage: (path: string, place: Place) => void) =>
    make(name, damage, { file: '.zodbvault.sums' });
  return [
    make('lost', lose),
    make('empty', (path) => cut(path, 0)),
    make('cut', (path) => cut(path, -20)),
    make('garbage', (path) => writeFileSync(path, 'garbage')),
    lie('a file more', (record) => {
      record.content.files += 1;
    }),
    lie('a byte less', (record) => {
      record.content.bytes -= 1;
    }),
    lie(
      'another sha256 of the checksums',
      (record) => {
        record.sums.sha256 = otherDigit(record.sums.sha256);
      },
      'equal',
    ),
    sums('lost', lose),
    sums('empty', (path) => cut(path, 0)),
    sums('cut in a line', (path) => cut(path, -30)),
    sums('without the last line', (path) =>
      rewrite(path, (text) => `${text.split('\n').slice(0, -2).join('\n')}\n`),
    ),
    sums('a bit of a checksum flipped', (path) => flip(path, 3)),
    sums('a bit of a path flipped', (path) => flip(path, 70)),
    sums('a digit that is another', (path) => rewrite(path, otherDigit)),
    sums('garbage', (path) => writeFileSync(path, 'garbage')),
    sums('of the copy before', (path, place) =>
      copyFileSync(join(place.entry(0), '.zodbvault.sums'), path),
    ),
    sums('lines twice', (path) => append(path, readFileSync(path))),
  ];
}
