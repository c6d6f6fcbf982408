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

function countsOf(verdicts: readonly Verdict[]): readonly string[] {
  const count = (is: (verdict: Verdict) => boolean) => `${verdicts.filter(is).length}`;
  return [
    `${verdicts.length}`,
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
