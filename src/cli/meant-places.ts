import { Option } from '@commander-js/extra-typings';
import { type BackupPlace, findBackupPlaces } from '../jobs/backup-places.ts';
import type { BackupKind, Site } from '../sites/site.ts';
import { Failure } from '../system/failure.ts';
import { oneLine } from './render/one-line.ts';
import type { Terminal } from './terminal.ts';

/** Which storage of the sites that are meant. */
export const STORAGE_OPTION = new Option('--storage <name>', 'one of the storages (default: all)');

/** A repository that a command is about. */
export interface MeantPlace {
  readonly site: Site;
  readonly place: BackupPlace;
  readonly repository: string;
  /** Of the storage, with that of the site where there are several. */
  readonly name: string;
}

/** The repositories of some sites. Failure `usage` where none has one, or a storage of the name. */
export async function meantPlaces(
  sites: readonly Site[],
  { of, storage }: { readonly of: BackupKind; readonly storage: string | undefined },
): Promise<readonly MeantPlace[]> {
  const all: MeantPlace[] = [];
  for (const site of sites) {
    for (const place of await findBackupPlaces(site, of)) {
      const { repository } = place;
      const name = nameOfStorage(place.storage, { site, sites });
      if (repository !== undefined) all.push({ site, place, repository, name });
    }
  }
  if (all.length === 0) {
    throw new Failure('usage', `Cannot find backups of a Data.fs: the site has none by "${of}"`, {
      hint: '"zodbvault config" shows what is backed up; name another --kind, or another --part.',
    });
  }
  const meant = all.filter(({ place }) => storage === undefined || place.storage === storage);
  if (meant.length > 0 || storage === undefined) return meant;
  throw new Failure('usage', `Cannot find the storage "${storage}"`, {
    hint: `There are these: ${all.map(({ name }) => name).join(', ')}.`,
  });
}

/** As in `Data`; `shop/Data` where there are several sites. */
export function nameOfStorage(
  storage: string,
  { site, sites }: { readonly site: Site; readonly sites: readonly Site[] },
): string {
  return oneLine(sites.length > 1 ? `${site.part}/${storage}` : storage);
}

/** In front of what is said of one of several storages; nothing where there is one. */
export function prefixOfStorage(
  storage: string,
  among: { readonly site: Site; readonly sites: readonly Site[] },
): string {
  const isOnly = among.sites.length === 1 && among.site.storages.length === 1;
  return isOnly ? '' : `${nameOfStorage(storage, among)}: `;
}

/**
 * Does something with each, and says which there are. One in which what is wanted isn't there doesn't
 * keep it from the others; the failure `not-found` is thrown where it is in none.
 */
export async function inEachPlace(
  meant: readonly MeantPlace[],
  {
    terminal,
    work,
  }: { readonly terminal: Terminal; readonly work: (one: MeantPlace) => Promise<void> },
): Promise<void> {
  if (meant.length > 1)
    terminal.log(`There are several, shown one after the other: ${describeChoice(meant)}`);
  const absences: { readonly name: string; readonly failure: Failure }[] = [];
  for (const one of meant) {
    try {
      await work(one);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
      absences.push({ name: one.name, failure: error });
    }
  }
  const [first] = absences;
  if (first !== undefined && absences.length === meant.length) throw first.failure;
  for (const { name, failure } of absences) terminal.notice(`${name}: ${failure.message}`);
}

/** As in `shop/Data, intranet/Data; choose with --part NAME`. */
export function describeChoice(meant: readonly MeantPlace[]): string {
  const differ = (of: (one: MeantPlace) => string) => new Set(meant.map(of)).size > 1;
  const options = [
    ...(differ(({ site }) => site.part) ? ['--part NAME'] : []),
    ...(differ(({ place }) => place.storage) ? ['--storage NAME'] : []),
  ];
  const names = meant.map(({ name }) => name).join(', ');
  return `${names}; choose with ${options.join(' and ')}`;
}
