import { parseTid, type Tid } from '../filestorage/tid.ts';
import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import type { Hint } from '../system/remedy.ts';
import { hintAlternativesToHole, NAME_EARLIER } from './content/alternatives.ts';
import { readLinks, readUnlisted } from './content/read-backup.ts';
import { type DataFile, pointStampsOf } from './layout/catalogue.ts';
import type { ChainFault, ChainLink } from './layout/chain.ts';
import { indexFileName } from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import type { OpenRepository } from './open-repository.ts';
import { isNotLater, type RestoreTarget, refuseBeyond } from './restore-target.ts';

/** A state of the log that can be restored, and what it takes. */
export type RestorePoint = {
  readonly stamp: Stamp;
  /** Data files, oldest first. */
  readonly files: readonly DataFile[];
  /** Data files that would be part of it, but no line of the `.dat` vouches for. */
  readonly skipped: readonly DataFile[];
  /** Bytes of its Data.fs; undefined where only reading all of it would tell. */
  readonly end: number | undefined;
  /** Of its last transaction; undefined where no record tells. */
  readonly lastTid: Tid | undefined;
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
  | 'open'
  | 'verify';

/** Which restore point of a repository, and what for. */
export interface WantedPoint {
  readonly target: RestoreTarget;
  readonly aim: PointAim;
}

/**
 * The restore point that a target stands for. Failures: `not-found` where there is none, `damaged` where a file that
 * it takes is missing: the failure names it.
 */
export async function resolveTarget(
  repository: OpenRepository,
  { target, aim }: WantedPoint,
): Promise<RestorePoint> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  refuseBeyond(target, pointStampsOf(catalogue).at(-1));
  const files = catalogue.chains.findLast(({ full }) => isNotLater(full.stamp, target));
  const lost = catalogue.datWithoutFull.findLast((stamp) => isNotLater(stamp, target));
  if (lost !== undefined && (files === undefined || lost > files.full.stamp)) {
    const state = `its full backup "${lost}.fs" or "${lost}.fsz" is missing`;
    throw holeInChain(state, { aim, stamp: lost, hint: await hintAlternativesToHole(store, lost) });
  }
  if (files === undefined) {
    throw nothingThere(store, { oldest: catalogue.chains[0]?.full.stamp, target, aim });
  }
  const chain = await repository.chainOf(files);
  const wanted = [files.full, ...files.increments].filter(({ stamp }) => isNotLater(stamp, target));
  const links = chain.links.filter(({ file }) => isNotLater(file.stamp, target));
  const isListed = target.kind !== 'latest' && links.length === wanted.length;
  const fault = chain.faults.filter(isHole).find((one) => isInTheWay(one, { target, isListed }));
  if (fault !== undefined) {
    const hole = 'stamp' in fault ? fault.stamp : chain.stamp;
    // The good lines of a `.dat` still speak for what they list.
    const isPartly = fault.kind === 'broken-dat' && chain.links.length > 0;
    const hint = isPartly ? NAME_EARLIER : await hintAlternativesToHole(store, hole);
    throw holeInChain(stateOf(fault), { aim, stamp: chain.stamp, hint });
  }
  const last = links.at(-1);
  if (last === undefined || (chain.dat === '' && links.length < wanted.length)) {
    const stamp = wanted.at(-1)?.stamp ?? chain.stamp;
    const untold = { end: undefined, lastTid: undefined };
    return { kind: 'unlisted', stamp, files: wanted, skipped: [], ...untold };
  }
  const listed = links.map(({ file }) => file);
  const isListedFile = new Set(listed);
  return {
    kind: 'listed',
    stamp: last.file.stamp,
    files: listed,
    skipped: wanted.filter((file) => !isListedFile.has(file)),
    end: last.range.end,
    lastTid: parseTid(last.record?.lastTid ?? ''),
    links,
  };
}

/** The bytes of the Data.fs at a restore point; see {@link readLinks} on when they may be used. */
export function readRestorePoint(
  store: Store,
  { point, onFile }: { readonly point: RestorePoint; readonly onFile?: (name: string) => void },
): AsyncIterable<Uint8Array> {
  switch (point.kind) {
    case 'listed':
      return readLinks(store, { links: point.links, check: 'checksums', onFile });
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

/** A fault that takes away what is behind it. */
type Hole = Extract<ChainFault, { readonly kind: 'missing-file' | 'gap' | 'broken-dat' }>;

function isHole(fault: ChainFault): fault is Hole {
  return fault.kind === 'missing-file' || fault.kind === 'gap' || fault.kind === 'broken-dat';
}

/**
 * Faults behind what is wanted are none of a restore's business. A broken `.dat` is, unless its good lines list all
 * files that are wanted.
 */
function isInTheWay(
  fault: Hole,
  { target, isListed }: { readonly target: RestoreTarget; readonly isListed: boolean },
): boolean {
  return fault.kind === 'broken-dat' ? !isListed : isNotLater(fault.stamp, target);
}

function stateOf(fault: Hole): string {
  switch (fault.kind) {
    case 'missing-file':
      return `the file "${fault.fileName}" is missing`;
    case 'gap':
      return `"${fault.fileName}" does not begin where the backup before it ends`;
    case 'broken-dat':
      return fault.state;
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

function nothingThere(
  { name }: Store,
  { oldest, target, aim }: WantedPoint & { readonly oldest: Stamp | undefined },
): Failure {
  if (oldest === undefined || target.kind === 'latest') {
    return new Failure('not-found', `Cannot ${aim} "${name}": it holds no full backup yet`, {
      hint: 'Make a backup first, or name the folder of a repozo repository.',
    });
  }
  const { date } = target;
  // Who gives a day most often wants a backup of that day.
  const aboutDate = oldest.startsWith(date)
    ? ` "${date}" means its first second, so give a later one.`
    : '';
  return new Failure('not-found', `Cannot ${aim} "${name}": no backup is from ${date} or earlier`, {
    hint: `The oldest restore point is ${oldest} (UTC).${aboutDate}`,
  });
}
