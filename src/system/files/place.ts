import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { leadsNowhere } from '../absent.ts';
import { withSystemErrors } from '../failure.ts';
import { type Mount, parseMountInfo } from './mount-points.ts';
import { realPlaceOf } from './real-path.ts';

/**
 * Where a path leads, whatever links and mounts are on its way: to compare it with other paths in one run. Device
 * numbers change when a machine starts again, so it is never stored.
 */
export interface Place {
  /** As it was given. */
  readonly path: string;
  /** Equal for two paths that lead to one place. */
  readonly key: string;
  /** The keys of the folders around it, each with the path from there; its own with an empty one. */
  readonly around: ReadonlyMap<string, string>;
}

/**
 * A folder is known by its device and inode; a file by its folder and its name, so that two hard links are two
 * places; what isn't there by the deepest folder that is, and the rest of its path. Failure `system` where something
 * on the way can't be looked at.
 */
export async function placeOf(path: string): Promise<Place> {
  const real = await realPlaceOf(path);
  const around = new Map<string, string>();
  const mounts = await readMounts();
  const folder = await withSystemErrors(`look at "${path}"`, () => deepestFolder(real));
  // From what isn't there up to what is.
  for (let one = real; one !== folder; one = dirname(one)) {
    around.set(`${await keyOfFolder(folder)}/${relative(folder, one)}`, relative(one, real));
  }
  await withSystemErrors(`look at "${path}"`, () =>
    climb(folder, { rest: relative(folder, real), mounts, around }),
  );
  const [key = real] = around.keys();
  return { path, key, around };
}

/** {@link Place.key} of a path. What can't be looked at is nobody else's name for something. */
export function keyOfPlace(path: string): Promise<string> {
  return placeOf(path).then(
    ({ key }) => key,
    () => path,
  );
}

export function isSamePlace(one: Place, other: Place): boolean {
  return one.key === other.key;
}

/** Whether a place is a folder or in it. */
export function isWithin(place: Place, folder: Place): boolean {
  return place.around.has(folder.key);
}

/** Whether two paths lead to one place. */
export async function leadToOne(path: string, other: string): Promise<boolean> {
  return isSamePlace(await placeOf(path), await placeOf(other));
}

/** Those of some paths that lead to the place of one. What can't be looked at leads there by the same path alone. */
export async function leadingTo(
  path: string,
  paths: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const leading = new Set<string>();
  for (const one of new Set(paths)) {
    if (one === path || (await leadToOne(one, path).catch(() => false))) leading.add(one);
  }
  return leading;
}

/** The way from a folder to what is in it; undefined: it isn't there. */
export function wayFrom(folder: Place, place: Place): string | undefined {
  return place.around.get(folder.key);
}

async function deepestFolder(path: string): Promise<string> {
  for (let one = path; ; one = dirname(one)) {
    const found = await stat(one).catch(leadsNowhere);
    if (found?.isDirectory() === true || dirname(one) === one) return one;
  }
}

async function keyOfFolder(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return `${dev}:${ino}`;
}

/** Notes a folder and those above it, also those above it where its file system shows it a second time. */
async function climb(
  folder: string,
  {
    rest,
    mounts,
    around,
  }: {
    readonly rest: string;
    readonly mounts: readonly Mount[];
    readonly around: Map<string, string>;
  },
): Promise<void> {
  const key = await keyOfFolder(folder);
  if (around.has(key)) return;
  around.set(key, rest);
  for (const other of otherNames(folder, mounts)) {
    const isThis = await keyOfFolder(other).then(
      (one) => one === key,
      () => false,
    );
    if (isThis) await climb(dirname(other), { rest: join(basename(other), rest), mounts, around });
  }
  if (dirname(folder) === folder) return;
  await climb(dirname(folder), { rest: join(basename(folder), rest), mounts, around });
}

/** What is mounted here may be a folder of a file system of which more is mounted elsewhere. */
function otherNames(folder: string, mounts: readonly Mount[]): readonly string[] {
  return mounts
    .filter(({ path }) => path === folder)
    .flatMap(({ device, root }) =>
      mounts
        .filter((one) => one.device === device && one.root !== root && isBelow(root, one.root))
        .map((one) => join(one.path, relative(one.root, root))),
    );
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** None where the system has no such table. */
async function readMounts(): Promise<readonly Mount[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
}
