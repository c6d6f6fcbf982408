import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import { PERIODS } from '../../system/calendar/period.ts';
import { parseSpan, type Span } from '../../system/calendar/span.ts';
import { Failure } from '../../system/failure.ts';
import { wholeNumber } from './common-options.ts';

/** What the command line says of how much is kept. */
export interface SaidKeeping {
  readonly keep?: number | undefined;
  readonly keepDaily?: number | undefined;
  readonly keepWeekly?: number | undefined;
  readonly keepMonthly?: number | undefined;
  readonly keepYearly?: number | undefined;
  readonly keepWithin?: Span | undefined;
}

const readNumber = wholeNumber({ minimum: 0, maximum: 999_999 });

/** The options that say how much is kept. */
export const KEEP_OPTION = {
  chains: new Option(
    '--keep <number>',
    'keep this many full backups with their increments, remove older ones; 0 keeps all (default, unless a part says otherwise)',
  ).argParser(readNumber),
  daily: new Option(
    '--keep-daily <number>',
    'keep the newest restore point of so many days',
  ).argParser(readNumber),
  weekly: new Option('--keep-weekly <number>', 'the same of so many weeks').argParser(readNumber),
  monthly: new Option('--keep-monthly <number>', 'the same of so many months').argParser(
    readNumber,
  ),
  yearly: new Option('--keep-yearly <number>', 'the same of so many years').argParser(readNumber),
  within: new Option(
    '--keep-within <time>',
    'keep all restore points that are not older, as in 36h, 30d, 8w, 6m (months), 2y',
  ).argParser(readSpan),
} as const;

export const FULL_EVERY_OPTION = new Option(
  '--full-every <time>',
  'make a full backup instead of an increment if the last one is as old as this, as in 30d',
).argParser(readSpan);

function readSpan(text: string): Span {
  const span = parseSpan(text);
  if (span !== undefined) return span;
  throw new InvalidArgumentError(
    'It is no number with h, d, w, m (months) or y behind it, as in 30d.',
  );
}

/** The command line has the last word. Failure `usage` where it contradicts itself. */
export function withSaidKeeping(site: Site, said: SaidKeeping): Site {
  const { keep, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin } = said;
  const isRuleSaid = [keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin].some(
    (one) => one !== undefined,
  );
  if (keep === 0 && isRuleSaid) {
    throw new Failure('usage', 'Cannot use --keep 0 with another rule: it keeps all', {
      hint: 'Leave out --keep, or the other rules.',
    });
  }
  if (isRuleSaid && site.contents === 'blobs') {
    throw new Failure('usage', 'Cannot use these rules: the site backs up only blobs', {
      hint: 'Use --keep.',
    });
  }
  if (keep === 0) return { ...site, keep, keepRules: undefined };
  const { keepRules } = site;
  if (!isRuleSaid) return keep === undefined ? site : { ...site, keep };
  const rules = {
    daily: keepDaily ?? keepRules?.daily ?? 0,
    weekly: keepWeekly ?? keepRules?.weekly ?? 0,
    monthly: keepMonthly ?? keepRules?.monthly ?? 0,
    yearly: keepYearly ?? keepRules?.yearly ?? 0,
    within: keepWithin ?? keepRules?.within,
  };
  const keepsAny = rules.within !== undefined || PERIODS.some((period) => rules[period] > 0);
  return { ...site, keep: keep ?? site.keep, keepRules: keepsAny ? rules : undefined };
}
