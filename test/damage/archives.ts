import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  append,
  change,
  cut,
  type DamageCase,
  exchange,
  flip,
  type Json,
  lose,
  middleOf,
  otherDigit,
  replaceBy,
  rewriteJson,
} from './damage-case.ts';
import type { Place, SiteName } from './healthy-sites.ts';

/** Damage to archives of blobs, chains of them, and their records. */
export function archiveDamages(): readonly DamageCase[] {
  return [
    ...(['tar', 'tar-gzip', 'tar-numbers', 'chain', 'chain-gzip'] as const).flatMap(damagesOfOne),
    ...(['tar', 'tar-gzip', 'chain'] as const).flatMap(recordDamages),
    ...(['chain', 'chain-gzip'] as const).flatMap(chainDamages),
  ];
}

type Restore = DamageCase['restore'];

function damagesOfOne(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (path: string, place: Place) => void,
    restore: Restore = 'refuse',
  ): DamageCase => ({
    kind: site.startsWith('chain') ? 'archive of a chain' : 'archive',
    name: `${name}, ${site}`,
    site,
    damage: (place) => damage(place.entry(2), place),
    names: () => 'blob',
    restore: site === 'tar-numbers' && restore === 'refuse' ? 'say' : restore,
  });
  return [
    make('the first bit flipped', (path) => flip(path, 0)),
    make('a bit of a header flipped', (path) => flip(path, 100)),
    make('a bit at a third flipped', (path) => flip(path, middleOf(path, 0.33))),
    make('a bit in the middle flipped', (path) => flip(path, middleOf(path))),
    make('a bit at nine tenths flipped', (path) => flip(path, middleOf(path, 0.9))),
    make('the last bit flipped', (path) => flip(path, -1)),
    make('empty', (path) => cut(path, 0)),
    make('cut to a block', (path) => cut(path, 512)),
    make('cut in the middle', (path) => cut(path, middleOf(path))),
    make('cut by a byte', (path) => cut(path, -1)),
    make('longer', (path) => append(path, Buffer.alloc(512))),
    make('garbage behind it', (path) => append(path, Buffer.from('garbage'))),
    make('zeros', (path) => change(path, (bytes) => Buffer.alloc(bytes.length))),
    make('the bytes of the one before', (path, place) => replaceBy(path, place.entry(1))),
    make('lost', lose, 'say'),
  ];
}

function recordDamages(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (path: string) => void,
    restore: Restore = 'refuse',
  ): DamageCase => ({
    kind: 'record of an archive',
    name: `${name}, ${site}`,
    site,
    damage: (place) => damage(`${place.entry(2)}.json`),
    names: (place) => basename(place.entry(2)),
    restore,
  });
  const lie = (name: string, edit: (record: Json) => void, restore?: Restore) =>
    make(name, (path) => rewriteJson(path, edit), restore);
  return [
    make('empty', (path) => cut(path, 0), 'equal'),
    make('cut', (path) => cut(path, middleOf(path)), 'equal'),
    make('garbage', (path) => writeFileSync(path, 'garbage'), 'equal'),
    lie('another sha256', ({ archive }) => {
      archive.sha256 = otherDigit(archive.sha256);
    }),
    lie('other edges', ({ archive }) => {
      archive.edges = otherDigit(archive.edges);
    }),
    lie('another size', ({ archive }) => {
      archive.sizeBytes += 1;
    }),
  ];
}

function chainDamages(site: SiteName): readonly DamageCase[] {
  const make = (
    name: string,
    damage: (place: Place) => void,
    { restore = 'refuse', names = 'blob' }: { restore?: Restore; names?: string } = {},
  ): DamageCase => ({
    kind: 'chain of archives',
    name: `${name}, ${site}`,
    site,
    damage,
    names: () => names,
    restore,
  });
  const state = (name: string, damage: (path: string) => void): DamageCase => ({
    ...make(name, (place) => damage(place.state), { restore: 'equal', names: '.snar' }),
    kind: 'state of a chain (.snar)',
  });
  return [
    make('its beginning lost', (place) => lose(place.entry(0))),
    make('its beginning lost, with its record', (place) => {
      lose(`${place.entry(0)}.json`);
      lose(place.entry(0));
    }),
    make('a delta lost in the middle', (place) => lose(place.entry(1))),
    make('a delta lost in the middle, with its record', (place) => {
      lose(`${place.entry(1)}.json`);
      lose(place.entry(1));
    }),
    make('two deltas exchanged', (place) => exchange(place.entry(1), place.entry(2))),
    make('a delta for the beginning', (place) => replaceBy(place.entry(0), place.entry(1))),
    make('a bit of the beginning flipped', (place) =>
      flip(place.entry(0), middleOf(place.entry(0))),
    ),
    make('a bit of a delta in the middle flipped', (place) =>
      flip(place.entry(1), middleOf(place.entry(1))),
    ),
    make('a delta in the middle cut', (place) => cut(place.entry(1), middleOf(place.entry(1)))),
    make('a delta that is said to continue another', (place) =>
      rewriteJson(`${place.entry(2)}.json`, ({ archive }) => {
        archive.continues = 'blobstorage.2025-01-01-00-00-00.tar';
      }),
    ),
    make('a delta that is said to continue itself', (place) =>
      rewriteJson(`${place.entry(2)}.json`, ({ archive }) => {
        archive.continues = basename(place.entry(2));
      }),
    ),
    make('a delta that is said to continue the beginning', (place) =>
      rewriteJson(`${place.entry(2)}.json`, ({ archive }) => {
        archive.continues = basename(place.entry(0));
      }),
    ),
    state('empty', (path) => cut(path, 0)),
    state('cut', (path) => cut(path, middleOf(path))),
    state('a bit flipped', (path) => flip(path, middleOf(path))),
    state('garbage', (path) => writeFileSync(path, 'garbage')),
    state('longer', (path) => append(path, readFileSync(path))),
    state('lost', lose),
  ];
}
