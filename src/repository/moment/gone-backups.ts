import { pointStampsOf } from '../layout/catalogue.ts';
import { parseStamp, type Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import { readRuns } from '../records/run-history.ts';

/** The backups that a repository once had, and has no more, as far as its log of runs tells. */
export async function goneBackups(repository: OpenRepository): Promise<readonly Stamp[]> {
  const there = new Set<string>(pointStampsOf(await repository.catalogue()));
  const made = new Map<string, Set<string>>();
  for (const { made: ofRun = [] } of await readRuns(repository.store)) {
    for (const { storage, stamp } of ofRun) {
      made.set(storage, (made.get(storage) ?? new Set()).add(stamp));
    }
  }
  // The log is of the whole site. This repository is of a storage that has made all that is here.
  const logged = [...made.values()];
  const known = [...there].filter((stamp) => logged.some((stamps) => stamps.has(stamp)));
  const [first, ...others] = logged.filter((stamps) => known.every((one) => stamps.has(one)));
  return [...(first ?? [])]
    .filter((stamp) => !there.has(stamp) && others.every((stamps) => stamps.has(stamp)))
    .flatMap((stamp) => parseStamp(stamp) ?? []);
}
