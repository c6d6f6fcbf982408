import type { Site } from '../../config/model/site.ts';
import { isSound } from '../../repository/judgement.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import { parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import {
  isSameTag,
  isTagName,
  readTags,
  type Tag,
  writeTags,
} from '../../repository/records/tags.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { Failure } from '../../system/failure.ts';
import { listPlace } from '../list/list-site.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { lockFolders } from '../run/lock-folders.ts';

/** Which tag is given, or taken away, and of which restore points of a site. */
export interface TagChange {
  readonly action: 'give' | 'take';
  readonly name: string;
  readonly kind: BackupPlace['kind'];
  /** What a restore to this restore point takes of each storage; undefined: the newest, or all that have the tag. */
  readonly stamp: Stamp | undefined;
  readonly now: () => Date;
}

/** A restore point that has got a tag, or has lost one. */
export interface TaggedPoint {
  readonly storage: string;
  readonly stamp: Stamp;
}

/** Failure `usage` for what is no name of a tag. */
export function requireTagName(text: string): string {
  if (isTagName(text)) return text;
  throw new Failure('usage', `Cannot use "${text}" as a tag`, {
    hint: 'A tag has letters, digits, "-", "_" and ".", begins with a letter or a digit, and has at most 64 of them.',
  });
}

/**
 * Gives restore points of a site a tag, or takes it away: as long as they have one, nothing but a deletion by name removes
 * them. Returns those that have changed. Failures: `usage` where the site backs up no Data.fs; `not-found` where nothing
 * has the stamp, or the tag; `refused` where a restore point is bad; `locked`.
 */
export async function changeTags(
  site: Site,
  change: TagChange,
  context: JobContext,
): Promise<readonly TaggedPoint[]> {
  refuseWithoutPoints(site);
  const { backups } = context;
  const places: RepositoryPlace[] = [];
  for (const place of await findBackupPlaces(site, { kind: change.kind, backups })) {
    const { repository } = place;
    if (repository === undefined) continue;
    await requireBackups((await backups.repository(repository)).store);
    places.push({ ...place, repository });
  }
  const folders = { repositories: places.map(({ repository }) => repository), blobFolders: [] };
  const request = lockRequest(context, 'tag');
  await using _locks = await lockFolders(folders, { backups, request });
  await requireStamp(change, { places, context });
  const meant = await pointsMeant(change, { places, context });
  switch (change.action) {
    case 'give':
      for (const one of meant) await refuseBad(one, { site, context });
      return await giveToAll(meant, change);
    case 'take':
      return await takeFromAll(meant, { ...change, hasCopies: (site.copies ?? []).length > 0 });
    default:
      return change.action satisfies never;
  }
}

type RepositoryPlace = BackupPlace & { readonly repository: string };

/** A repository, and the restore point in it that is meant; undefined: there is none. */
interface MeantPoint {
  readonly place: RepositoryPlace;
  readonly repository: OpenRepository;
  readonly stamp: Stamp | undefined;
}

async function pointsMeant(
  change: TagChange,
  {
    places,
    context: { backups },
  }: { readonly places: readonly RepositoryPlace[]; readonly context: JobContext },
): Promise<readonly MeantPoint[]> {
  return await Promise.all(
    places.map(async (place) => {
      const repository = await backups.repository(place.repository);
      const stamp = stampIn(pointStampsOf(await repository.catalogue()), change);
      return { place, repository, stamp };
    }),
  );
}

async function giveToAll(
  meant: readonly MeantPoint[],
  { name, now }: TagChange,
): Promise<readonly TaggedPoint[]> {
  const changed: TaggedPoint[] = [];
  for (const { place, repository, stamp } of meant) {
    if (stamp === undefined) continue;
    const given = await giveTag(repository, { stamp, name, at: now() });
    if (given === 'given') changed.push({ storage: place.storage, stamp });
  }
  return changed;
}

/** @param hasCopies - whether they have to be told */
async function takeFromAll(
  meant: readonly MeantPoint[],
  { name, stamp: wanted, now, hasCopies }: TagChange & { readonly hasCopies: boolean },
): Promise<readonly TaggedPoint[]> {
  const changed: TaggedPoint[] = [];
  for (const { place, repository, stamp } of meant) {
    const from = wanted === undefined ? undefined : stamp;
    const at = hasCopies ? now() : undefined;
    for (const taken of await takeTag(repository, { stamp: from, name, at })) {
      changed.push({ storage: place.storage, stamp: taken });
    }
  }
  if (changed.length > 0) return changed;
  throw new Failure('not-found', `Cannot remove the tag "${name}": no restore point has it`, {
    hint: { kind: 'list-tags' },
  });
}

/** Failure `usage` where a site has no restore points that a tag could keep. */
export function refuseWithoutPoints({ contents }: Site): void {
  if (contents !== 'blobs') return;
  throw new Failure('usage', 'Cannot use a tag: the site backs up only blobs', {
    hint: 'Tags are for backups of a Data.fs. Name the part that makes these.',
  });
}

/** The caller holds the repository's lock. Failure `refused` where nobody can read the tags that are there. */
export async function giveTag(
  repository: OpenRepository,
  { stamp, name, at }: { readonly stamp: Stamp; readonly name: string; readonly at: Date },
): Promise<'given' | 'there-already'> {
  const { tags, taken } = await requireTags(repository);
  const given = { stamp, name, at: at.toISOString() };
  if (tags.some((tag) => isSameTag(tag, given))) return 'there-already';
  const stamps = pointStampsOf(await repository.catalogue());
  await writeTags(repository.store, {
    tags: [...tags, given],
    taken: taken.filter((tag) => !isSameTag(tag, given)),
    stamps,
  });
  return 'given';
}

/** @param at - when, for copies that have it, too; undefined: there are none */
async function takeTag(
  repository: OpenRepository,
  {
    stamp,
    name,
    at,
  }: {
    readonly stamp: Stamp | undefined;
    readonly name: string;
    readonly at: Date | undefined;
  },
): Promise<readonly Stamp[]> {
  const { tags, taken: before } = await requireTags(repository);
  const isMeant = (tag: Tag) => tag.name === name && (stamp ?? tag.stamp) === tag.stamp;
  const taken = tags.filter(isMeant);
  if (taken.length === 0) return [];
  const noted = at === undefined ? [] : taken.map((tag) => ({ ...tag, at: at.toISOString() }));
  await writeTags(repository.store, {
    tags: tags.filter((tag) => !isMeant(tag)),
    taken: [...before, ...noted],
    stamps: pointStampsOf(await repository.catalogue()),
  });
  return taken.flatMap((tag) => parseStamp(tag.stamp) ?? []);
}

async function requireTags({
  store,
}: OpenRepository): Promise<{ readonly tags: readonly Tag[]; readonly taken: readonly Tag[] }> {
  const read = await readTags(store);
  if (read.kind === 'read') return read;
  throw new Failure('refused', `Cannot read the tags in "${store.nameOf(read.fileName)}"`, {
    hint: 'It is damaged, or a later version wrote it. Move it away, and give the tags again.',
  });
}

/** The newest that is not later; of a repository that is younger, none. */
function stampIn(stamps: readonly Stamp[], { stamp }: Pick<TagChange, 'stamp'>): Stamp | undefined {
  return stamps.findLast((one) => stamp === undefined || one <= stamp);
}

async function requireStamp(
  { stamp, action, name }: TagChange,
  {
    places,
    context: { backups },
  }: {
    readonly places: readonly { readonly repository: string }[];
    readonly context: JobContext;
  },
): Promise<void> {
  const all: Stamp[] = [];
  for (const { repository } of places) {
    const opened = await backups.repository(repository);
    all.push(...pointStampsOf(await opened.catalogue()));
  }
  const isThere = stamp === undefined ? all.length > 0 || action === 'take' : all.includes(stamp);
  if (isThere) return;
  const what = stamp === undefined ? 'there is no backup yet' : `no backup is called ${stamp}`;
  throw new Failure('not-found', `Cannot use the tag "${name}": ${what}`, {
    hint: { kind: 'name-restore-point' },
  });
}

/** What can't be restored as a whole is not worth keeping. */
async function refuseBad(
  { place, stamp }: MeantPoint,
  { site, context: { backups } }: { readonly site: Site; readonly context: JobContext },
): Promise<void> {
  for (const one of await listPlace(place, { site, backups })) {
    if (one.kind === 'blobs' || one.point.stamp !== stamp || isSound(one.judgement)) continue;
    throw new Failure('refused', `Cannot give ${stamp} a tag: it is not intact`, {
      hint: { kind: 'list-tags' },
    });
  }
}
