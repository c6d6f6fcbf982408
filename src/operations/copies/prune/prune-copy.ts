import type { CopiedEvents } from '../../../copies/copied-events.ts';
import type { CopiedTags } from '../../../copies/copied-tags.ts';
import { type PointName, pointKey } from '../../../copies/layout/keys.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import type { ReadPoint } from '../../../copies/read-copy.ts';
import { each, inParallel } from '../../../system/streams/pipeline.ts';
import { foldEvents } from '../events/fold-events.ts';
import type { CopiedPoints, CopyRun } from '../push/push-run.ts';
import type { CopyKeeping } from './hold-chains.ts';
import { type CopiedVerdict, judgePoints } from './judge-points.ts';
import { knownByName, knownByRecord } from './known-point.ts';
import type { LocalDoubts } from './local-doubts.ts';
import { type PlannedPoint, planCopyRetention } from './plan-copy.ts';
import { removePoints } from './remove-points.ts';
import { sweepStorage } from './sweep-storage.ts';

/** What decides about the restore points of a copy. */
export interface CopyRetention {
  readonly keeping: CopyKeeping;
  /** Which backups are looked at; the others stay. */
  readonly kind: CopyPlace['kind'] | 'all';
  readonly tags: CopiedTags;
  /** As they were before the points were listed. */
  readonly events: CopiedEvents;
  readonly doubts: LocalDoubts;
}

/** Of a record that another one of the same moment took the place of. */
const NOTHING_KNOWN: CopiedVerdict = { isSound: true, isProven: false };

/** Records that are asked for at once. */
const AT_ONCE = 32;

/**
 * Removes the restore points of a copy that no rule keeps, and the objects that no record names any more; folds its
 * events. Returns what went. Failure `damaged` where a record can't be read: then nothing goes.
 */
export async function pruneCopy(
  run: CopyRun,
  retention: CopyRetention,
): Promise<readonly PointName[]> {
  const { points } = run;
  if (keepsAll(retention.keeping)) {
    await foldEvents(retention.events, run);
    return [];
  }
  const storages = new Set(points.names.map(({ place }) => place.storage));
  const old = await pointsThatGo(points, retention);
  const reason = retention.keeping.keepRules === undefined ? 'keep' : 'rules';
  if (old.length > 0) await removePoints(old, { run, reason });
  for (const storage of storages) {
    const force = old.some(({ place }) => place.storage === storage);
    await sweepStorage(storage, { run, force });
  }
  await foldEvents(retention.events, run);
  return old;
}

export function keepsAll({ keep, keepRules }: CopyKeeping): boolean {
  return keep === 0 && keepRules === undefined;
}

/** Where all would stay by their names alone, all stay, and no record is read. */
async function pointsThatGo(
  points: CopiedPoints,
  retention: CopyRetention,
): Promise<readonly PointName[]> {
  if (!mayAnyGo(namesOf(points, retention), retention)) return [];
  const planned = await planRecords(points, retention);
  return planned.flatMap(({ point, reasons }) => (reasons.length === 0 ? point.name : []));
}

function namesOf(
  { names }: CopiedPoints,
  { kind }: Pick<CopyRetention, 'kind'>,
): readonly PointName[] {
  return kind === 'all' ? names : names.filter(({ place }) => place.kind === kind);
}

function mayAnyGo(
  names: readonly PointName[],
  { keeping, tags, doubts: { held } }: CopyRetention,
): boolean {
  const known = names.map((name) => knownByName(name, tags));
  const plan = planCopyRetention(known, { ...keeping, held });
  return plan.some(({ reasons }) => reasons.length === 0);
}

/** What becomes of each restore point, by its record; in the order in which they came. Failure `damaged`. */
export async function planRecords(
  points: CopiedPoints,
  { keeping, kind, tags, events, doubts }: CopyRetention,
): Promise<readonly PlannedPoint<ReadPoint>[]> {
  const records: ReadPoint[] = [];
  const reading = inParallel(each(namesOf(points, { kind })), {
    limit: AT_ONCE,
    work: (name) => points.read(name),
  });
  for await (const one of reading) records.push(one);
  const verdicts = judgePoints(
    records.map(({ name }) => name),
    events,
  );
  const known = records.map((read) => {
    const verdict = verdicts.get(pointKey(read.name)) ?? NOTHING_KNOWN;
    return { ...knownByRecord(read, { tags, verdict, doubts }), read };
  });
  const plan = planCopyRetention(known, { ...keeping, held: doubts.held });
  return plan.map(({ point, reasons }) => ({ point: point.read, reasons }));
}
