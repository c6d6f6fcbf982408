import { pointStampsOf } from '../layout/catalogue.ts';
import { parseStamp, type Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import type { Run } from '../records/run-history.ts';

/** The backups that a repository once had, and has no more, as far as the log of runs of its site tells. */
export async function goneBackups(repository: OpenRepository): Promise<readonly Stamp[]> {
  const there = new Set<string>(pointStampsOf(await repository.catalogue()));
  const runs = await repository.runs();
  const links = (await repository.chains()).flatMap((chain) => chain.links);
  const sources = new Set(links.flatMap(({ record }) => record?.source ?? []));
  const names = new Set(runs.flatMap((run) => storagesOf(run, sources)));
  return runs
    .flatMap(({ made = [] }) => made)
    .filter(({ storage, stamp }) => names.has(storage) && !there.has(stamp))
    .flatMap(({ stamp }) => parseStamp(stamp) ?? []);
}

/** How a backup of a site called the storages of some Data.fs files. */
function storagesOf(
  { storages = [], sources: paths = [] }: Run,
  sources: ReadonlySet<string>,
): readonly string[] {
  return storages.filter((_, row) => sources.has(paths[row] ?? ''));
}
