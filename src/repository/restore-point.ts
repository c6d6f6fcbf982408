import { formatTid, parseTid, type Tid } from '../filestorage/tid.ts';
import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import type { Hint } from '../system/remedy.ts';
import { hintAlternativesToHole, NAME_EARLIER } from './content/alternatives.ts';
import { readLinks, readUnlisted } from './content/read-backup.ts';
import { type DataFile, pointStampsOf } from './layout/catalogue.ts';
import type { ChainFault, ChainLink } from './layout/chain.ts';
import { indexFileName } from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import type { Cut } from './moment/cut.ts';
import type { OpenRepository } from './open-repository.ts';
import {
  isNotLater,
  type PointTarget,
  type RestoreTarget,
  refuseBeyond,
} from './restore-target.ts';

/** A state of the log that can be restored, and what it takes. */
export type RestorePoint = {
  /** Of the last backup that it takes; a moment is within that one. */
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
  | {
      readonly kind: 'listed';
      readonly links: readonly ChainLink[];
      /** Where it ends within the last of the links; undefined: at the end of that. */
      readonly cut: Cut | undefined;
    }
  /** No `.dat` speaks for the files; they are checked by a walk through their transactions. */
  | { readonly kind: 'unlisted' }
);

/** One that a `.dat` speaks for, or our own records. */
export type ListedPoint = Extract<RestorePoint, { kind: 'listed' }>;

/** What a restore point is wanted for, as a failure says it: `Cannot restore from "/backups"`. */
export type PointAim =
  | 'restore from'
  | 'show what is in'
  | 'read the log of'
  | 'compare what is in'
  | 'open'
  | 'verify';

/** Which state of a repository, and what for. */
export interface WantedPoint<Target extends RestoreTarget = RestoreTarget> {
  readonly target: Target;
  readonly aim: PointAim;
}

/**
 * The restore point that a target stands for. Failures: `not-found` where there is none, `damaged` where a file that
 * it takes is missing: the failure names it.
 */
export async function resolvePoint(
  repository: OpenRepository,
  { target, aim }: WantedPoint<PointTarget>,
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
  const isListedFile = new Set(links.map(({ file }) => file));
  const skipped = wanted.filter((file) => !isListedFile.has(file));
  return { ...pointOfLinks(links, undefined), skipped };
}

/** The state to which links lead, at least one, or one within the last of them. */
export function pointOfLinks(links: readonly ChainLink[], cut: Cut | undefined): ListedPoint {
  const last = links.at(-1);
  if (last === undefined) throw new RangeError('a restore point has a full backup');
  return {
    kind: 'listed',
    stamp: last.file.stamp,
    files: links.map(({ file }) => file),
    skipped: [],
    end: cut?.end ?? last.range.end,
    lastTid: cut?.tid ?? parseTid(last.record?.lastTid ?? ''),
    links,
    cut,
  };
}

/** The bytes of the Data.fs at a restore point; see {@link readLinks} on when they may be used. */
export function readRestorePoint(
  store: Store,
  { point, onFile }: { readonly point: RestorePoint; readonly onFile?: (name: string) => void },
): AsyncIterable<Uint8Array> {
  switch (point.kind) {
    case 'listed':
      return readLinks(store, { links: point.links, end: point.end, check: 'checksums', onFile });
    case 'unlisted':
      return readUnlisted(store, point.files, onFile);
    default:
      return point satisfies never;
  }
}

/** As in `2026-03-02-04-05-06`; of a moment within a backup, its last transaction as in `03f1a2b3c4d5e6f7`. */
export function nameOfPoint(point: RestorePoint): string {
  const cut = cutOf(point);
  return cut === undefined ? point.stamp : formatTid(cut.tid);
}

/** Where a point ends within a backup; undefined: it is a backup, as it was made. */
export function cutOf(point: RestorePoint): Cut | undefined {
  return point.kind === 'listed' ? point.cut : undefined;
}

/** What is written down of a restore: which backups it brought back to their end, and where it ended. */
export interface RestoredState {
  /** Of the last backup of which it has the end; empty: it ends within the first. */
  readonly stamp: Stamp | '';
  /** The tid with which it ends, where that is within a backup. */
  readonly tid: string | undefined;
}

export function restoredStateOf(point: RestorePoint): RestoredState {
  if (point.kind === 'unlisted' || point.cut === undefined) {
    return { stamp: point.stamp, tid: undefined };
  }
  return { stamp: point.links.at(-2)?.file.stamp ?? '', tid: formatTid(point.cut.tid) };
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
  { target, isListed }: { readonly target: PointTarget; readonly isListed: boolean },
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
  { oldest, target, aim }: WantedPoint<PointTarget> & { readonly oldest: Stamp | undefined },
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
