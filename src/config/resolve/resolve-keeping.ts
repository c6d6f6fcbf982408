import { keepsAny } from '../model/keep-rules.ts';
import type { Site } from '../model/site.ts';
import type { CountOption, RecipeOption } from './option-table.ts';
import type { Resolution } from './resolution.ts';

const PERIOD_OPTIONS = {
  daily: 'keep_daily',
  weekly: 'keep_weekly',
  monthly: 'keep_monthly',
  yearly: 'keep_yearly',
} as const satisfies Readonly<Record<string, CountOption>>;

/** All that say how much is kept. */
export const KEEPING_OPTIONS = [
  'keep',
  'keep_blob_days',
  ...Object.values(PERIOD_OPTIONS),
  'keep_within',
] as const satisfies readonly RecipeOption[];

/** What is about restore points, and not about blobs alone. */
const ABOUT_POINTS = [...Object.values(PERIOD_OPTIONS), 'keep_within', 'full_every'] as const;

/**
 * How many backups stay. `keep` counts full backups, the rules restore points, and a point stays if either keeps it.
 * Where a rule is written, and `keep` isn't, its default doesn't count: it would keep more than was asked for, or all.
 */
export function resolveKeeping({
  options,
  problems,
  defaults,
}: Resolution): Pick<Site, 'keep' | 'keepRules'> {
  const count = (name: CountOption) => options.count(name, 0);
  const rules = {
    daily: count(PERIOD_OPTIONS.daily),
    weekly: count(PERIOD_OPTIONS.weekly),
    monthly: count(PERIOD_OPTIONS.monthly),
    yearly: count(PERIOD_OPTIONS.yearly),
    within: options.span('keep_within'),
  };
  if (!keepsAny(rules)) return { keep: options.count('keep', defaults.keep) };
  const written = options.written('keep');
  if (written === undefined && !options.isUnreadable('keep')) {
    options.resolve('keep', 'as the rules say', 'default');
    return { keep: 0, keepRules: rules };
  }
  const keep = options.count('keep', defaults.keep);
  if (keep === 0) {
    problems.add(
      'keep = 0: it keeps all, and rules such as keep_daily would remove nothing; leave it out',
      written?.origin,
    );
  }
  return { keep, keepRules: rules };
}

/** Blobs alone have no restore points. */
export function refuseRulesForBlobs({ options, problems }: Resolution): void {
  const isSaid = (name: RecipeOption) =>
    !['', '0'].includes(options.written(name)?.text.trim() ?? '');
  for (const name of ABOUT_POINTS.filter(isSaid)) {
    problems.add(
      `${name}: it is about backups of a Data.fs, and only_blobs makes none; write keep or keep_blob_days`,
      options.written(name)?.origin,
    );
  }
}
