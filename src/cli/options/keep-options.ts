import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { keepsAny } from '../../config/model/keep-rules.ts';
import type { Site } from '../../config/model/site.ts';
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

/** How much is kept of the backups of a site, or of a copy. */
type Keeping = Pick<Site, 'keep' | 'keepRules'>;

/** The command line has the last word. Failure `usage` where it contradicts itself. */
export function withSaidKeeping(site: Site, said: SaidKeeping): Site {
  if (isRuleSaid(said) && site.contents === 'blobs') {
    throw new Failure('usage', 'Cannot use these rules: the site backs up only blobs', {
      hint: 'Use --keep.',
    });
  }
  return { ...site, ...saidKeeping(site, said) };
}

/** The same of anything that has both settings. */
export function saidKeeping({ keep: before, keepRules }: Keeping, said: SaidKeeping): Keeping {
  const { keep, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin } = said;
  if (keep === 0 && isRuleSaid(said)) {
    throw new Failure('usage', 'Cannot use --keep 0 with another rule: it keeps all', {
      hint: 'Leave out --keep, or the other rules.',
    });
  }
  if (keep === 0) return { keep, keepRules: undefined };
  if (!isRuleSaid(said)) return { keep: keep ?? before, keepRules };
  const rules = {
    daily: keepDaily ?? keepRules?.daily ?? 0,
    weekly: keepWeekly ?? keepRules?.weekly ?? 0,
    monthly: keepMonthly ?? keepRules?.monthly ?? 0,
    yearly: keepYearly ?? keepRules?.yearly ?? 0,
    within: keepWithin ?? keepRules?.within,
  };
  return { keep: keep ?? before, keepRules: keepsAny(rules) ? rules : undefined };
}

function isRuleSaid(said: SaidKeeping): boolean {
  const { keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin } = said;
  return [keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin].some(
    (one) => one !== undefined,
  );
}
