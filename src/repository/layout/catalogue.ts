import type { StoredFile, ToldOfFile } from '../../stores/store.ts';
import {
  completeFileName,
  type DataFileName,
  datFileName,
  parseDataFileName,
  stampOfFileName,
} from './file-names.ts';
import type { Stamp } from './stamp.ts';

/** A data file that is there. */
export type DataFile = DataFileName & {
  readonly storedBytes: number;
  readonly told?: ToldOfFile | undefined;
  /** Whether the run that made it has marked it as complete: see `completion.ts`. */
  readonly isMarked: boolean;
};

/** The files of a full backup and of what followed it, as far as names can tell. */
export interface ChainFiles {
  readonly full: DataFile;
  /** Increments that come before the next full backup, oldest first. */
  readonly increments: readonly DataFile[];
  readonly hasDat: boolean;
  /** From this stamp on, a run has begun to remove what follows: no line of the `.dat` counts. */
  readonly cutAt?: Stamp | undefined;
}

/** What is in a repository, by names alone. */
export interface Catalogue {
  /** Oldest first. */
  readonly chains: readonly ChainFiles[];
  /** Increments that are older than every full backup, or of which the full backup is lost: nothing can be made of them. */
  readonly withoutFull: readonly DataFile[];
  /** `.dat` files of which the full backup isn't there. */
  readonly datWithoutFull: readonly Stamp[];
  /** Chains that a run has begun to remove: they don't count any more, whatever is left of them. */
  readonly removals: readonly Stamp[];
  /** Names of all files with a stamp, whatever they are. */
  readonly names: readonly string[];
}

/** Sorts the files of a repository into chains. */
export function catalogueOf(files: readonly StoredFile[]): Catalogue {
  const names = files.map(({ name }) => name).filter((name) => stampOfFileName(name) !== undefined);
  const present = new Set(names);
  const removals = stampsWith('.removing', names);
  const dataFiles = dataFilesOf(files);
  const fulls = new Set(
    dataFiles.filter(({ kind }) => kind === 'full').map(({ stamp }) => datFileName(stamp)),
  );
  const datWithoutFull = stampsWith(
    '.dat',
    names.filter((name) => !fulls.has(name)),
  );
  const heads = [...fulls, ...datWithoutFull.map(datFileName)].sort();
  const following = new Map(heads.map((name, index) => [name, heads[index + 1]]));
  const chainOf = (full: DataFile) => {
    const next = following.get(datFileName(full.stamp));
    const cutAt = removals.find(
      (stamp) => stamp > full.stamp && (next === undefined || datFileName(stamp) < next),
    );
    const hasDat = present.has(datFileName(full.stamp));
    return { full, increments: [], hasDat, cutAt };
  };
  const chains: (ChainFiles & { readonly increments: DataFile[] })[] = [];
  const withoutFull: DataFile[] = [];
  for (const file of dataFiles) {
    if (file.kind === 'full') {
      chains.push(chainOf(file));
      continue;
    }
    const chain = chains.at(-1);
    const begins = chain?.full.stamp ?? '';
    const isBehind = (stamp: Stamp) => begins < stamp && stamp <= file.stamp;
    if (chain?.cutAt !== undefined && chain.cutAt <= file.stamp) continue;
    const isLost = datWithoutFull.some((stamp) => isBehind(stamp));
    (isLost ? withoutFull : (chain?.increments ?? withoutFull)).push(file);
  }
  const counting = chains.filter(({ full }) => !removals.includes(full.stamp));
  return { chains: counting, withoutFull, datWithoutFull, removals, names };
}

function stampsWith(ending: '.dat' | '.removing', names: readonly string[]): readonly Stamp[] {
  return names
    .filter((name) => name.endsWith(ending))
    .flatMap((name) => stampOfFileName(name) ?? []);
}

/** The newest `.dat` of which the full backup is lost, unless a full backup was made since. */
export function lostNewestFull({ chains, datWithoutFull }: Catalogue): Stamp | undefined {
  const lost = datWithoutFull.at(-1);
  const newest = chains.at(-1)?.full.stamp;
  return lost !== undefined && (newest === undefined || lost > newest) ? lost : undefined;
}

/** All stamps that a new backup must be later than. */
export function stampsOf(catalogue: Catalogue): readonly Stamp[] {
  return catalogue.names.flatMap((name) => stampOfFileName(name) ?? []);
}

/** Stamps of the backups that something can be restored from, oldest first. */
export function pointStampsOf({ chains }: Pick<Catalogue, 'chains'>): readonly Stamp[] {
  return chains.flatMap(({ full, increments }) => [full, ...increments].map(({ stamp }) => stamp));
}

/** Oldest first; of one stamp the full backup comes first, as repozo sorts them. */
function dataFilesOf(files: readonly StoredFile[]): readonly DataFile[] {
  const names = new Set(files.map(({ name }) => name));
  return files
    .flatMap(({ name, sizeBytes, told }) => {
      const parsed = parseDataFileName(name);
      if (parsed === undefined) return [];
      const isMarked = names.has(completeFileName(parsed.stamp));
      return [{ ...parsed, storedBytes: sizeBytes, told, isMarked }];
    })
    .sort(
      (a, b) =>
        compareText(a.stamp, b.stamp) || compareText(a.kind, b.kind) || compareText(a.name, b.name),
    );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
