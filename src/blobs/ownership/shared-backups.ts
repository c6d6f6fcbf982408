import type { ChainLink } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { leadingTo } from '../../system/files/place.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import type { OpenBackups } from '../open-backups.ts';

/**
 * Those of another repository's blob backups that belong to Data.fs backups which this one has, too: a copy without the
 * hidden files has lost its identity, and may have a new one. They were made of the same blob directory, or the other
 * repository has the same data file. The stamp alone tells nothing: two sites may be backed up in one second.
 */
export async function findSharedBackups(
  others: readonly BlobEntry[],
  {
    source,
    repository,
    backups,
  }: { readonly source: string; readonly repository: string; readonly backups: OpenBackups },
): Promise<ReadonlySet<BlobEntry>> {
  const shared = new Set<BlobEntry>();
  const live = await leadingTo(
    source,
    others.flatMap(({ record }) => record?.source ?? []),
  );
  const linksOf = linkReader(backups);
  for (const entry of others) {
    const link = (await linksOf(repository)).get(entry.stamp);
    if (link === undefined) continue;
    const { source: madeOf, repositoryPath } = entry.record ?? {};
    const same =
      (madeOf !== undefined && live.has(madeOf)) ||
      (repositoryPath !== undefined &&
        isSame(link, (await linksOf(repositoryPath).catch(() => undefined))?.get(entry.stamp)));
    if (same) shared.add(entry);
  }
  return shared;
}

function isSame({ range, md5 }: ChainLink, other: ChainLink | undefined): boolean {
  return other?.md5 === md5 && other.range.start === range.start && other.range.end === range.end;
}

/** Reads the backups of each repository once. */
function linkReader(
  backups: OpenBackups,
): (repository: string) => Promise<ReadonlyMap<string, ChainLink>> {
  const read = new Map<string, Promise<ReadonlyMap<Stamp, ChainLink>>>();
  return (repository) => {
    const links = read.get(repository) ?? readLinks(repository, backups);
    read.set(repository, links);
    return links;
  };
}

async function readLinks(
  repository: string,
  backups: OpenBackups,
): Promise<ReadonlyMap<Stamp, ChainLink>> {
  const opened = await backups.repository(repository);
  const chains = (await opened.catalogueIfThere()) === undefined ? [] : await opened.chains();
  return new Map(chains.flatMap(({ links }) => links).map((link) => [link.file.stamp, link]));
}
