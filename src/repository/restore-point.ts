import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import type { Hint } from '../system/remedy.ts';
import { hintAroundHole, NAME_EARLIER } from './content/alternatives.ts';
import { readLinks, readUnlisted } from './content/read-backup.ts';
import type { Catalogue, DataFile } from './layout/catalogue.ts';
import { type ChainFault, type ChainLink, describeFault, readChain } from './layout/chain.ts';
import { indexFileName } from './layout/file-names.ts';
import { isNotLater, type RecoveryDate } from './layout/recovery-date.ts';
import type { Stamp } from './layout/stamp.ts';

/** A state of the log that can be restored, and what it takes. */
export type RestorePoint = {
  readonly stamp: Stamp;
  /** Data files, oldest first. */
  readonly files: readonly DataFile[];
  /** Data files that the date would include, but no line of the `.dat` vouches for. */
  readonly leftOut: readonly DataFile[];
} & (
  | { readonly kind: 'listed'; readonly links: readonly ChainLink[] }
  /** No `.dat` speaks for the files; they are checked by a walk through their transactions. */
  | { readonly kind: 'unlisted' }
);

/** What a restore point is wanted for, as a failure says it: `Cannot restore from "/backups"`. */
export type PointAim =
  | 'restore from'
  | 'show what is in'
  | 'read the log of'
  | 'compare what is in'
  | 'verify';

/** Which restore point of a repository, and what for. */
export interface WantedPoint {
  readonly catalogue: Catalogue;
  /** Undefined: the newest. */
  readonly date: RecoveryDate | undefined;
  readonly aim: PointAim;
}

/**
 * The newest state that is not later than the date. Failures: `not-found` where there is none,
 * `damaged` where a file that it takes is missing: the failure names it.
 */
export async function findRestorePoint(
  store: Store,
  { catalogue, date, aim }: WantedPoint,
): Promise<RestorePoint> {
  const files = catalogue.chains.findLast(({ full }) => isNotLater(full.stamp, date));
  const lost = catalogue.datWithoutFull.findLast((stamp) => isNotLater(stamp, date));
  if (lost !== undefined && (files === undefined || lost > files.full.stamp)) {
    const state = `its full backup "${lost}.fs" or "${lost}.fsz" is missing`;
    throw holeInChain(state, { aim, stamp: lost, hint: await hintAroundHole(store, lost) });
  }
  if (files === undefined) throw nothingThere(store, { catalogue, date, aim });
  const chain = await readChain(store, files);
  const wanted = [files.full, ...files.increments].filter(({ stamp }) => isNotLater(stamp, date));
  const links = chain.links.filter(({ file }) => isNotLater(file.stamp, date));
  const isListed = date !== undefined && links.length === wanted.length;
  const fault = chain.faults.find((candidate) => isInTheWay(candidate, { date, isListed }));
  if (fault !== undefined) {
    const hole = 'stamp' in fault ? fault.stamp : chain.stamp;
    // The good lines of a `.dat` still speak for what they list.
    const isPartly = fault.kind === 'broken-dat' && chain.links.length > 0;
    const hint = isPartly ? NAME_EARLIER : await hintAroundHole(store, hole);
    throw holeInChain(describeFault(fault), { aim, stamp: chain.stamp, hint });
  }
  const last = links.at(-1);
  if (last === undefined || (chain.dat === '' && links.length < wanted.length)) {
    const stamp = wanted.at(-1)?.stamp ?? chain.stamp;
    return { kind: 'unlisted', stamp, files: wanted, leftOut: [] };
  }
  const listed = links.map(({ file }) => file);
  const isListedFile = new Set(listed);
  const leftOut = wanted.filter((file) => !isListedFile.has(file));
  return { kind: 'listed', stamp: last.file.stamp, files: listed, leftOut, links };
}

/** The bytes of the Data.fs at a restore point; see {@link readLinks} on when they may be used. */
export function readRestorePoint(
  store: Store,
  { point, onFile }: { readonly point: RestorePoint; readonly onFile?: (name: string) => void },
): AsyncIterable<Uint8Array> {
  const told = onFile === undefined ? {} : { onFile };
  switch (point.kind) {
    case 'listed':
      return readLinks(store, { links: point.links, check: 'checksums', ...told });
    case 'unlisted':
      return readUnlisted(store, point.files, onFile);
    default:
      return point satisfies never;
  }
}

/** The file of the Data.fs.index that belongs to a restore point. */
export function indexOfPoint(point: RestorePoint): string {
  return indexFileName(point.stamp);
}

/**
 * Faults behind the date are none of a restore's business. A broken `.dat` is, unless the date wants
 * only files that its good lines list.
 */
function isInTheWay(
  fault: ChainFault,
  { date, isListed }: { readonly date: RecoveryDate | undefined; readonly isListed: boolean },
): boolean {
  switch (fault.kind) {
    case 'missing-file':
    case 'gap':
      return isNotLater(fault.stamp, date);
    case 'broken-dat':
      return !isListed;
    case 'missing-dat':
    case 'unlisted-file':
      return false;
    default:
      return fault satisfies never;
  }
}

function holeInChain(
  state: string,
  { aim, stamp, hint }: { readonly aim: PointAim; readonly stamp: Stamp; readonly hint: Hint },
): Failure {
  return new Failure('damaged', `Cannot ${aim} the chain of ${stamp}: ${state}`, {
    hint,
  });
}

function nothingThere(store: Store, { catalogue, date, aim }: WantedPoint): Failure {
  const oldest = catalogue.chains[0]?.full.stamp;
  if (oldest === undefined) {
    return new Failure('not-found', `Cannot ${aim} "${store.name}": no full backup is there`, {
      hint: 'Name the folder of a repozo repository, or make a backup first.',
    });
  }
  return new Failure(
    'not-found',
    `Cannot ${aim} "${store.name}": no backup is from ${date} or earlier`,
    { hint: `The oldest one is ${oldest}; ${aboutDate(date, oldest)}.` },
  );
}

/** Somebody who names a day wants, most often, what was made on it. */
function aboutDate(date: RecoveryDate | undefined, oldest: Stamp): string {
  if (date === undefined || !oldest.startsWith(date)) return 'dates are in UTC';
  return `"${date}" means before all that begins with it, and dates are in UTC`;
}
