import { Option } from '@commander-js/extra-typings';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { type BackupPlace, findBackupPlaces } from '../../operations/run/backup-places.ts';
import { Failure } from '../../system/failure.ts';
import { oneLine } from '../format/one-line.ts';
import { findSites } from '../select/site-options.ts';
import type { SiteSelection } from '../select/site-selection.ts';
import type { CommandContext } from '../terminal/run-command.ts';
import type { OneOfSeveral } from '../terminal/terminal.ts';
import { inEachOf } from './each-of.ts';

/** Which storage of the sites that are meant. */
export const STORAGE_OPTION = new Option('--storage <name>', 'only this storage (default: all)');

/** A repository that a command is about. */
export interface SelectedRepository {
  readonly site: Site;
  readonly place: BackupPlace;
  readonly repository: string;
  /** Of the storage, with that of the site where there are several. */
  readonly name: string;
}

/** What the options of a command say of the repositories of a site. */
interface RepositorySelection {
  readonly kind: BackupKind;
  readonly storage?: string | undefined;
}

/** The repositories that a command only looks into. Failure `usage` where it can't be told which are meant. */
export async function findRepositories(
  selection: SiteSelection & RepositorySelection,
  { terminal, backups }: CommandContext,
): Promise<readonly SelectedRepository[]> {
  const sites = await findSites(selection, { terminal, purpose: 'look', backups });
  return await selectRepositories(sites, { ...selection, backups });
}

/** The repositories of some sites. Failure `usage` where none has one, or a storage of the name. */
export async function selectRepositories(
  sites: readonly Site[],
  { kind, storage, backups }: RepositorySelection & Pick<CommandContext, 'backups'>,
): Promise<readonly SelectedRepository[]> {
  const all: SelectedRepository[] = [];
  for (const site of sites) {
    for (const place of await findBackupPlaces(site, { kind, backups })) {
      const { repository } = place;
      const name = nameOfStorage(place.storage, { site, sites });
      if (repository !== undefined) all.push({ site, place, repository, name });
    }
  }
  if (all.length === 0) {
    throw new Failure('usage', `Cannot find backups of a Data.fs: the site has none by "${kind}"`, {
      hint: '"zodbvault config" shows what is backed up; name another --kind, or another --part.',
    });
  }
  const selected = all.filter(({ place }) => storage === undefined || place.storage === storage);
  if (selected.length > 0 || storage === undefined) return selected;
  throw new Failure('usage', `Cannot find the storage "${storage}"`, {
    hint: `There are these: ${all.map(({ name }) => name).join(', ')}.`,
  });
}

/** A site, and all that are meant. */
export interface Among {
  readonly site: Site;
  readonly sites: readonly Site[];
}

/** As in `Data`; `shop/Data` where there are several sites. */
export function nameOfStorage(storage: string, { site, sites }: Among): string {
  return oneLine(sites.length > 1 ? `${site.part}/${storage}` : storage);
}

/** The same, to be said of one of several; undefined where there is one. */
export function nameOfOneStorage(storage: string, among: Among): string | undefined {
  const isOnly = among.sites.length === 1 && among.site.storages.length === 1;
  return isOnly ? undefined : nameOfStorage(storage, among);
}

/** Does something with each, and says which there are: see {@link inEachOf}. */
export async function inEachRepository(
  selected: readonly SelectedRepository[],
  {
    context,
    work,
  }: {
    readonly context: CommandContext;
    readonly work: (one: SelectedRepository) => Promise<void>;
  },
): Promise<number> {
  if (selected.length > 1)
    context.terminal.log(
      `There are several, shown one after the other: ${describeChoice(selected)}`,
    );
  return await inEachOf(selected, {
    context,
    nameOf: oneOfRepositories,
    work: async (one) => {
      await work(one);
      return undefined;
    },
    absence: 'note',
  });
}

/** How a place is told from the others. */
export function oneOfRepositories({ name, site, place }: SelectedRepository): OneOfSeveral {
  return { name, labels: { site: site.part, storage: place.storage } };
}

/** As in `shop/Data, intranet/Data; choose with --part NAME`. */
export function describeChoice(selected: readonly SelectedRepository[]): string {
  const differ = (of: (one: SelectedRepository) => string) => new Set(selected.map(of)).size > 1;
  const options = [
    ...(differ(({ site }) => site.part) ? ['--part NAME'] : []),
    ...(differ(({ place }) => place.storage) ? ['--storage NAME'] : []),
  ];
  const names = selected.map(({ name }) => name).join(', ');
  return `${names}; choose with ${options.join(' and ')}`;
}
