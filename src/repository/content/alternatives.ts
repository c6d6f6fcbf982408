import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import type { Hint } from '../../system/remedy.ts';
import { isSound } from '../judgement.ts';
import type { Catalogue } from '../layout/catalogue.ts';
import { readRecordAt } from '../layout/chain.ts';
import { stampOfFileName } from '../layout/file-names.ts';
import type { Stamp } from '../layout/stamp.ts';
import { readPointsOfCopies } from '../lineage/points-of-copies.ts';
import { OpenRepository } from '../open-repository.ts';
import { readJudgements } from '../read-judgements.ts';
import { familyOf } from '../remove-chain.ts';

/** Backups that can be restored without one that is damaged, and that nothing is known against. */
interface Alternatives {
  /** The newest before it. */
  readonly earlier: Stamp | undefined;
  /** The first full one behind it. */
  readonly laterFull: Stamp | undefined;
}

export const NAME_EARLIER: Hint = { kind: 'earlier-date-or-copy' };
const NOTHING_ELSE =
  'Bring the file back from a copy, as no backup here goes without it; of a Data.fs that is whole, make a full backup.';

/** What to do where a backup can't be used, as the hint of a failure. */
export async function hintAlternatives(store: Store, damaged: Stamp): Promise<Hint> {
  const found = await findAlternatives(store, damaged).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (found === undefined) return 'Restore to another date, and make a full backup.';
  const { earlier, laterFull } = found;
  if (laterFull !== undefined) {
    const before = earlier === undefined ? '' : `${earlier}, the newest before it, or to `;
    return `Restore to ${before}${laterFull}, the next full backup.`;
  }
  return earlier === undefined
    ? NOTHING_ELSE
    : `Restore to ${earlier}, the newest before it, and make a full backup.`;
}

/** The same where a file of a chain is missing. */
export async function hintAlternativesToHole(store: Store, hole: Stamp): Promise<Hint> {
  const found = await findAlternatives(store, hole);
  if (found === undefined || found.earlier !== undefined) return NAME_EARLIER;
  const { laterFull } = found;
  return laterFull === undefined
    ? NOTHING_ELSE
    : `Bring the file back from a copy, or name ${laterFull}, the next full backup.`;
}

/**
 * A point that was made of another copy, or of another database, is no way around one of this. Undefined where nobody
 * can tell which those are.
 */
async function findAlternatives(store: Store, damaged: Stamp): Promise<Alternatives | undefined> {
  const repository = new OpenRepository(store);
  const catalogue = await repository.catalogue();
  const source = await sourceOf(store, { catalogue, damaged });
  const read = source === undefined ? undefined : await readPointsOfCopies(repository, source);
  const { points = [], others } = read ?? {};
  if (points.length > 0 && !points.some(({ madeOf }) => madeOf === 'this')) return undefined;
  const isOfSame = (stamp: Stamp) => [undefined, 'place-before'].includes(others?.get(stamp)?.is);
  const sound = [...(await readJudgements(repository)).values()]
    .filter((judgement) => isSound(judgement) && isOfSame(judgement.stamp))
    .map(({ stamp }) => stamp);
  return {
    earlier: sound.findLast((stamp) => stamp < damaged),
    laterFull: catalogue.chains.find(
      ({ full }) => full.stamp > damaged && sound.includes(full.stamp),
    )?.full.stamp,
  };
}

/** The Data.fs that a point was made of, as its record tells, or else another of those that stand together with it. */
async function sourceOf(
  store: Store,
  { catalogue, damaged }: { readonly catalogue: Catalogue; readonly damaged: Stamp },
): Promise<string | undefined> {
  const around = familyOf(catalogue, damaged).names.flatMap((name) => stampOfFileName(name) ?? []);
  for (const stamp of new Set([damaged, ...around])) {
    const source = (await readRecordAt(store, stamp))?.source ?? '';
    if (source !== '') return source;
  }
  return undefined;
}
