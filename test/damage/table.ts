import type { CataloguedDamage } from './catalogue.ts';
import type { Verdict } from './checks.ts';

const HEAD = [
  'what was damaged',
  'cases',
  '`verify --quick`',
  '`verify`',
  '`verify --deep`',
  '`restore` refuses',
  '`restore` warns',
  '`restore` gives all back',
];

/** The table of docs/internals/damage.md: for each kind of damage, how many cases of it each check finds. */
export function tableOf(verdicts: ReadonlyMap<CataloguedDamage, Verdict>): string {
  const kinds = [...new Set([...verdicts.keys()].map(({ kind }) => kind))];
  const rows = kinds.map((kind) => {
    const found = [...verdicts].filter(([one]) => one.kind === kind).map(([, verdict]) => verdict);
    return [kind, ...countsOf(found)];
  });
  const all = ['**all**', ...countsOf([...verdicts.values()])];
  return [HEAD, ['---', ...HEAD.slice(1).map(() => '--:')], ...rows, all]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/**
 * Numbers of a page that cannot be: it has too few or too many cases of a kind, a check found more of those that were
 * tried than it says, or missed more than it says. Where all were tried, every number that differs.
 */
export function wrongInTable(
  markdown: string,
  {
    verdicts,
    damages,
  }: {
    readonly verdicts: ReadonlyMap<CataloguedDamage, Verdict>;
    readonly damages: readonly CataloguedDamage[];
  },
): readonly string[] {
  const rows = new Map(
    plainTable(markdown)
      .split('\n')
      .map((line) => line.split('|').slice(1, -1))
      .map(([kind = '', ...cells]) => [kind, cells.map(Number)] as const),
  );
  return [...new Set(damages.map(({ kind }) => kind))].flatMap((kind) => {
    const cases = damages.filter((one) => one.kind === kind).length;
    const tried = [...verdicts].filter(([one]) => one.kind === kind).map(([, verdict]) => verdict);
    const [written, ...found] = rows.get(kind) ?? [];
    if (written !== cases) return [`${kind}: there are ${cases} cases, not ${written}`];
    const untried = cases - tried.length;
    return countsOf(tried).flatMap((is, column) => {
      const says = column === 0 ? cases : found[column - 1];
      if (says !== undefined && says >= is && says <= is + untried) return [];
      return [
        `${kind}, ${HEAD[column + 1]}: ${is} of ${tried.length} tried, ${says} of ${cases} written`,
      ];
    });
  });
}

function countsOf(verdicts: readonly Verdict[]): readonly number[] {
  const count = (is: (verdict: Verdict) => boolean) => verdicts.filter(is).length;
  return [
    verdicts.length,
    count(({ quick }) => quick),
    count(({ thorough }) => thorough),
    count(({ deep }) => deep.length > 0),
    count(({ restore }) => restore === 'refused'),
    count(({ restore }) => restore === 'warned'),
    count(({ restore }) => restore === 'equal'),
  ];
}

/** A table without what a formatter does to its width. */
export function plainTable(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => line.replace(/ *\| */g, '|').replace(/-+/g, '-'))
    .join('\n');
}
