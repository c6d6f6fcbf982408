import { readHeadsAt } from '../../../operations/from-copy/heads-at.ts';
import type { ListedHead } from '../../../operations/from-copy/site-heads.ts';
import type { HealthLimits } from '../../../operations/inspect/health-thresholds.ts';
import { judgeCopiedRuns } from '../../../operations/inspect/judge-copied-runs.ts';
import { stateOfAge } from '../../../operations/inspect/limits.ts';
import { count, formatAge } from '../../format/units.ts';
import type { PlaceOfCopies } from '../../select/site-options.ts';
import {
  type CheckedSite,
  type Finding,
  inWords,
  statusOf,
  worst,
  worstFirst,
} from '../site-verdict.ts';

/** A site of a place, and what it has noted there. */
export interface CheckedCopy extends CheckedSite, Pick<ListedHead, 'head'> {}

/** Judges the copies of a place by what the last run of each site has noted there. */
export async function checkCopies(
  { url, access }: PlaceOfCopies,
  {
    name,
    limits,
    now,
  }: {
    /** Of the only site that is asked for; undefined: all. */
    readonly name: string | undefined;
    readonly limits: Pick<HealthLimits, 'backupAge'>;
    readonly now: Date;
  },
): Promise<readonly CheckedCopy[]> {
  const heads = await readHeadsAt(url, { name, access, beforeMs: undefined });
  return heads.map((one) => {
    const runs = judgeCopiedRuns(one.head?.runs ?? []).map(inWords);
    const judgements = worstFirst([judge(one, { limits, now }), ...runs]);
    const status = worst(judgements.map(statusOf));
    const { name: part, head } = one;
    return { part, judgements, status, head, health: undefined, hint: undefined };
  });
}

function judge(
  { head }: ListedHead,
  { limits, now }: { readonly limits: Pick<HealthLimits, 'backupAge'>; readonly now: Date },
): Finding {
  const nothing = { values: {}, storage: undefined, measure: undefined };
  if (head === undefined) {
    const text = 'what it has there cannot be read';
    return { ...nothing, state: 'unknown', code: 'copy-head-unreadable', text };
  }
  if (head.places.length === 0) {
    return { ...nothing, state: 'critical', code: 'no-copy', text: 'no restore point was copied' };
  }
  const ageSeconds = Math.max(0, (now.getTime() - Date.parse(head.at)) / 1000);
  const { backupAge } = limits;
  return {
    ...{
      state: stateOfAge(ageSeconds, backupAge),
      code: 'copy-age',
      text: `copied ${formatAge(ageSeconds)} ago`,
    },
    values: { ageSeconds },
    storage: undefined,
    measure: { name: 'copy_age', value: Math.round(ageSeconds), unit: 's', limits: backupAge },
  };
}

/** A line for monitoring has room for so many sites. */
const MOST_TOLD = 20;

/** Those of which somebody has to know; of the others, where they are many, how many there are. */
export function toldInALine(sites: readonly CheckedSite[]): readonly CheckedSite[] {
  if (sites.length <= MOST_TOLD) return sites;
  const wrong = sites.filter(({ status }) => status !== 0);
  const good = sites.length - wrong.length;
  if (good === 0) return wrong;
  const text = `${wrong.length === 0 ? 'all ' : ''}${count(good, 'site')} copied in time`;
  const judgement = { state: 'ok', code: 'copy-age', text, values: {} } as const;
  const others = { ...judgement, storage: undefined, measure: undefined };
  const told = { judgements: [others], status: 0, health: undefined, hint: undefined };
  return [...wrong, { part: 'others', ...told }];
}
