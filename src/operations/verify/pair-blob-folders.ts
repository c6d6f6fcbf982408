import { basename, join } from 'node:path';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { defaultFolderNames } from '../../config/resolve/script-names.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';

/** Backups of one blob directory. */
export interface PlaceOfBlobs {
  readonly folder: string;
  /** Name of the blob directory. */
  readonly base: string;
}

/** A repository without a configuration that says where its blobs are. */
export interface LoneRepository {
  readonly path: string;
  readonly stamps: readonly Stamp[];
}

/**
 * The blob backups that belong to a repository. `unclear`: nothing tells them from those of another storage, which was
 * backed up in the same second.
 */
export type PairedBlobs =
  | { readonly kind: 'found'; readonly place: PlaceOfBlobs }
  | { readonly kind: 'unclear'; readonly places: readonly PlaceOfBlobs[] }
  | { readonly kind: 'none' };

/** How well a repository and blob backups of its moments fit; `records`: the blob backups name it. */
type Fit = 'records' | 'names' | 'moments';

interface Candidate {
  readonly repository: string;
  readonly place: PlaceOfBlobs;
  readonly fit: Fit;
}

/**
 * Tells for each repository which blob backups are its own: those whose records say so, else those in the folder that
 * the recipe gives it, else those that no other repository has a moment in common with.
 */
export async function pairBlobFolders(
  repositories: readonly LoneRepository[],
  { places, backups }: { readonly places: readonly PlaceOfBlobs[]; readonly backups: OpenBackups },
): Promise<ReadonlyMap<string, PairedBlobs>> {
  const all: Candidate[] = [];
  for (const repository of repositories) {
    for (const place of places) {
      const fit = await fitOf(repository, { place, backups });
      if (fit !== undefined) all.push({ repository: repository.path, place, fit });
    }
  }
  const left = (['records', 'names'] as const).reduce(withoutRivals, all);
  return new Map(repositories.map(({ path }) => [path, pairOf(left, { repository: path })]));
}

/** What fits so well leaves no room for what fits less well, neither for the repository nor for the blobs. */
function withoutRivals(candidates: readonly Candidate[], fit: Fit): readonly Candidate[] {
  const sure = candidates.filter((one) => one.fit === fit);
  return candidates.filter(
    (one) => sure.includes(one) || !sure.some((other) => isRival(one, other)),
  );
}

function isRival(one: Candidate, other: Candidate): boolean {
  return one.repository === other.repository || one.place === other.place;
}

function pairOf(
  candidates: readonly Candidate[],
  { repository }: { readonly repository: string },
): PairedBlobs {
  const own = candidates.filter((one) => one.repository === repository);
  const [first] = own;
  if (first === undefined) return { kind: 'none' };
  const isAlone = candidates.every((one) => one === first || !isRival(one, first));
  return isAlone
    ? { kind: 'found', place: first.place }
    : { kind: 'unclear', places: own.map(({ place }) => place) };
}

/** Undefined where they have nothing in common, or the blob backups belong to another repository. */
async function fitOf(
  { path, stamps }: LoneRepository,
  { place, backups }: { readonly place: PlaceOfBlobs; readonly backups: OpenBackups },
): Promise<Fit | undefined> {
  const { folder, base } = place;
  const { entries, foreign, isCertain } = await readOwnBlobs(
    { folder, source: join(folder, base) },
    { repository: path, backups },
  );
  const own = [...entries, ...foreign].filter((entry) => entry.base === base);
  if (own.some(isCertain)) return 'records';
  if (!own.some(({ stamp }) => stamps.includes(stamp))) return undefined;
  return areNamedAlike(path, folder) ? 'names' : 'moments';
}

/** Options of the recipe for a repository, and for the folder of its blob backups. */
const OPTIONS = [
  ['location', 'blobbackuplocation'],
  ['snapshotlocation', 'blobsnapshotlocation'],
  ['ziplocation', 'blobziplocation'],
] as const;

/** Whether the recipe gives both folders to one storage, as `backups_media` and `blobstoragebackups_media`. */
function areNamedAlike(repository: string, blobFolder: string): boolean {
  const blobs = basename(blobFolder);
  const names = defaultFolderNames(/^(.+)-blobstorage/.exec(blobs)?.[1] ?? 'backup');
  return OPTIONS.some(([option, blobOption]) => {
    const storage = blobs.slice(names[blobOption].length);
    return (
      blobs === names[blobOption] + storage && basename(repository) === names[option] + storage
    );
  });
}
