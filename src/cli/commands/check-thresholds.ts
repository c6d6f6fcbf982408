import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { HealthLimits } from '../../operations/inspect/health-thresholds.ts';
import type { Limits } from '../../operations/inspect/limits.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** `26h:50h`: ages from which on it is a warning, and critical; `off`: none. */
export function parseAges(text: string): Limits | 'off' {
  if (text === 'off') return 'off';
  const [warning, critical] = pairOf(text, (word) => {
    const [, digits = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(word) ?? [];
    return Number(digits || Number.NaN) * (SECONDS[unit] ?? Number.NaN);
  });
  if (warning <= critical) return { warning, critical };
  throw new InvalidArgumentError('Write two ages, as in 26h:50h (s, m, h, d), or off.');
}

/** `10%:5%`, `20GB:5GB`: below which it is a warning, and critical; `off`: none. */
export function parseFree(text: string): NonNullable<HealthLimits['free']> | 'off' {
  if (text === 'off') return 'off';
  const percent = /^(\d{1,2})%:(\d{1,2})%$/.exec(text);
  const [warning, critical] =
    percent === null
      ? pairOf(text, (word) => {
          const [, digits = '', unit = ''] = /^(\d{1,9})(B|kB|MB|GB|TB)$/.exec(word) ?? [];
          return Number(digits || Number.NaN) * (BYTES[unit] ?? Number.NaN);
        })
      : [Number(percent[1]), Number(percent[2])];
  if (warning >= critical) {
    return { warning, critical, unit: percent === null ? 'bytes' : 'percent' };
  }
  throw new InvalidArgumentError('Write two sizes, as in 10%:5% or 20GB:5GB, or off.');
}

/** NaN where it is no pair, which no comparison takes. */
function pairOf(text: string, parse: (word: string) => number): readonly [number, number] {
  const [first = '', second = '', ...more] = text.split(':');
  return more.length > 0 ? [Number.NaN, Number.NaN] : [parse(first), parse(second)];
}
