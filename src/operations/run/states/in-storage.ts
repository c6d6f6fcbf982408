import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { pointStampsOf } from '../../../repository/layout/catalogue.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { Failure, isFailure } from '../../../system/failure.ts';

/** A storage of a site, and the folder with its Data.fs backups. */
interface StorageBackups {
  readonly storage: string;
  readonly repository: string | undefined;
}

/**
 * Looks for a state in the backups of one of the storages of a site. Where there are several, a failure `not-found` says
 * which one has none, and from when on there are backups of all.
 */
export async function inStorage<T>(
  storage: string,
  {
    places,
    backups,
    work,
  }: {
    readonly places: readonly StorageBackups[];
    readonly backups: OpenBackups;
    readonly work: () => Promise<T>;
  },
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFailure(error, 'not-found') || places.length < 2) throw error;
    const { message, hint, cause } = error;
    const from = await firstOfAll(places, backups);
    const more =
      from === undefined ? [] : [`There are backups of all storages from ${from} (UTC).`];
    throw new Failure('not-found', `${message} (storage "${storage}")`, {
      hint: { kind: 'several', hints: [hint, ...more] },
      cause,
    });
  }
}

/** The oldest stamp from which on each storage has backups; undefined: one has none. */
async function firstOfAll(
  places: readonly StorageBackups[],
  backups: OpenBackups,
): Promise<Stamp | undefined> {
  let first: Stamp | undefined;
  for (const { repository } of places) {
    if (repository === undefined) continue;
    const catalogue = await (await backups.repository(repository)).catalogueIfThere();
    const oldest = catalogue && pointStampsOf(catalogue)[0];
    if (oldest === undefined) return undefined;
    if (first === undefined || oldest > first) first = oldest;
  }
  return first;
}
