import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { Cut } from '../../repository/moment/cut.ts';
import { areNear } from '../../repository/moment/link-transactions.ts';
import { resolveTarget } from '../../repository/moment/resolve-target.ts';
import { transactionsNear } from '../../repository/moment/transactions-near.ts';
import type { PointAim } from '../../repository/restore-point.ts';
import { lastTidOf, type RestoreTarget } from '../../repository/restore-target.ts';
import { findBackupPlaces } from './backup-places.ts';
import { inStorage } from './states/in-storage.ts';

/** A commit over two storages, of which a moment has one part and not the other. */
export interface SplitCommit {
  readonly user: string;
  readonly description: string;
  /** The storage that has its part, and the one that has it only later. */
  readonly has: string;
  readonly lacks: string;
}

/** A target that splits no commit. */
export interface WholeTarget {
  readonly target: RestoreTarget;
  /** The commit before which it was moved. */
  readonly split: SplitCommit | undefined;
}

/**
 * Moves a moment before each commit over several storages that it would split: such a commit has a tid of its own in
 * each. They are told by their user and description, which are the same. Nothing is moved where somebody insists.
 * Failures: those of {@link resolveTarget}.
 */
export async function withoutSplitCommits(
  target: RestoreTarget,
  {
    site,
    kind,
    aim,
    backups,
  }: {
    readonly site: Site;
    readonly kind: BackupKind;
    readonly aim: PointAim;
    readonly backups: OpenBackups;
  },
): Promise<WholeTarget> {
  const unmoved = { target, split: undefined };
  if (target.kind !== 'moment' || target.isExact) return unmoved;
  const places = await findBackupPlaces(site, { kind, backups });
  if (places.length < 2) return unmoved;
  const moment = lastTidOf(target.moment);
  const near: Located[] = [];
  for (const { storage, repository: path } of places) {
    if (path === undefined) continue;
    const repository = await backups.repository(path);
    const work = () => resolveTarget(repository, { target, aim });
    const point = await inStorage(storage, { places, backups, work });
    const found = await transactionsNear(repository, { point, moment });
    near.push(...found.map((transaction) => ({ storage, transaction })));
  }
  let split: SplitCommit | undefined;
  let last = moment;
  for (let found = splitAt(near, last); found !== undefined; found = splitAt(near, last)) {
    const { transaction, storage } = found.has;
    const { tid, user, description } = transaction;
    split = { user, description, has: storage, lacks: found.lacks.storage };
    last = (tid - 1n) as Tid;
  }
  if (split === undefined) return unmoved;
  const tid = (last + 1n) as Tid;
  return { target: { ...target, moment: { kind: 'transaction', tid, side: 'before' } }, split };
}

interface Located {
  readonly storage: string;
  readonly transaction: Cut;
}

/** The first transaction up to a moment that has its other half behind it. */
function splitAt(
  near: readonly Located[],
  last: Tid,
): { readonly has: Located; readonly lacks: Located } | undefined {
  const within = near
    .filter(({ transaction }) => transaction.tid <= last)
    .sort((one, other) => (one.transaction.tid < other.transaction.tid ? -1 : 1));
  const behind = near.filter(({ transaction }) => transaction.tid > last);
  for (const has of within) {
    const lacks = behind.find((one) => isOfOneCommit(has, one));
    if (lacks !== undefined) return { has, lacks };
  }
  return undefined;
}

function isOfOneCommit(one: Located, later: Located): boolean {
  const [a, b] = [one.transaction, later.transaction];
  return (
    one.storage !== later.storage &&
    a.user === b.user &&
    a.description === b.description &&
    areNear(a.tid, b.tid)
  );
}
