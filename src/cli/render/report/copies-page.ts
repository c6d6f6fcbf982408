import { count } from '../../format/units.ts';
import { html, type Markup } from './markup.ts';
import { formatPage, renderState, scrolling, timeOf } from './page.ts';
import type { VerdictReport } from './site-report.ts';

/** What a site has in a place of copies. */
export interface CopiedSiteReport {
  readonly name: string;
  readonly verdict: VerdictReport;
  /** When a run last found its copy complete; undefined: nobody can read it. */
  readonly copiedAt: Date | undefined;
  /** The last run of each kind, in words. */
  readonly runs: readonly string[];
  readonly places: readonly CopiedPlaceReport[];
}

/** One kind of backups of one storage. */
interface CopiedPlaceReport {
  /** As in `Data, backup`. */
  readonly name: string;
  readonly points: number;
  readonly newest: string;
}

/** The page of the copies that sites have in a place: a line for each, those first that need somebody. */
export function formatCopiesReport(
  sites: readonly CopiedSiteReport[],
  { now, place }: { readonly now: Date; readonly place: string },
): string {
  const wrong = ORDER.flatMap((state) => sites.filter(({ verdict }) => verdict.state === state));
  const good = sites.filter(({ verdict }) => verdict.state === 'ok');
  const told = wrong.map(({ name, verdict: { state } }) => renderState(name, state));
  const others = html`<p class="verdict good">${count(good.length, 'site')}: OK</p>`;
  return formatPage({
    title: `Copies in ${place}`,
    verdicts: good.length === 0 ? told : [...told, others],
    content: [renderSites([...wrong, ...good], place)],
    now,
  });
}

/** Of what somebody has to know, the worst first. */
const ORDER = [
  'critical',
  'unknown',
  'warning',
] as const satisfies readonly VerdictReport['state'][];

function renderSites(sites: readonly CopiedSiteReport[], place: string): Markup {
  const rows = sites.map(({ name, verdict: { state, findings }, copiedAt, runs, places }) => {
    const text = findings.map((one) => one.text).join(', ');
    return html`<tr><th scope="row">${name}</th>
<td class="${state === 'ok' ? 'good' : 'bad'}">${state.toUpperCase()}: ${text}</td>
<td class="nowrap">${copiedAt === undefined ? 'unknown' : timeOf(copiedAt)}</td>
<td>${linesOf(places, (one) => one.name)}</td><td class="nowrap">${linesOf(places, ({ newest }) => newest)}</td>
<td class="number">${linesOf(places, ({ points }) => String(points))}</td>
<td>${linesOf(runs, (one) => one)}</td></tr>`;
  });
  return scrolling(
    `Copies in ${place}`,
    html`<table><thead><tr><th scope="col">Site</th><th scope="col">State</th><th scope="col">Copied</th><th scope="col">Backups</th><th scope="col">Newest</th><th scope="col" class="number">Restore points</th><th scope="col">Last runs</th></tr></thead>
<tbody>${rows}</tbody></table>`,
  );
}

function linesOf<Item>(items: readonly Item[], textOf: (item: Item) => string): readonly Markup[] {
  return items.map((item, index) => html`${index === 0 ? '' : LINE_BREAK}${textOf(item)}`);
}

const LINE_BREAK = html`<br>`;
