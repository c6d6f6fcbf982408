import { nameOfRun } from '../../format/record-words.ts';
import { formatBytes, formatSeconds } from '../../format/units.ts';
import { planCalendar, renderCalendar } from './calendar.ts';
import { renderCurve, type Sample } from './growth.ts';
import { html, type Markup } from './markup.ts';
import { isGood, type RunReport } from './runs-report.ts';
import type { PlaceReport, PointReport, SiteReport, VerdictReport } from './site-report.ts';
import { formatStylesheet } from './stylesheet.ts';

/** Lines of the table of restore points. */
const SHOWN = 30;
/** Of what is still far away, the day says nothing. */
const FAR_DAYS = 3650;

/** By this, a page is known as one that may be written again. */
export const REPORT_MARK = '<meta name="generator" content="zodbvault report">';

/** The page of the backups of sites. */
export function formatReport(
  sites: readonly SiteReport[],
  { now, host }: { readonly now: Date; readonly host: string },
): string {
  const verdicts = sites.map(({ part, verdict: { state } }) => renderState(part, state));
  const content = sites.map((site) => renderSite(site, now));
  return formatPage({ title: `Backup report of ${host}`, verdicts, content, now });
}

/** In the head of a page. */
export function renderState(name: string, state: VerdictReport['state']): Markup {
  return html`<p class="verdict ${state === 'ok' ? 'good' : 'bad'}">${name}: ${state.toUpperCase()}</p>`;
}

/** A whole page: one file that needs nothing else, and runs nothing. */
export function formatPage({
  title,
  verdicts,
  content,
  now,
}: {
  readonly title: string;
  readonly verdicts: readonly Markup[];
  readonly content: readonly Markup[];
  readonly now: Date;
}): string {
  const style: Markup = { kind: 'markup', text: formatStylesheet() };
  const mark: Markup = { kind: 'markup', text: REPORT_MARK };
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
${mark}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1>
${verdicts}
<p class="quiet">zodbvault made this page at ${timeOf(now)}. All times are UTC.</p></header>
<main>
${content}
</main>
</body>
</html>
`;
  return page.text;
}

/** What `check` says: what is wrong first, and in red. */
function renderVerdict({ findings }: VerdictReport): Markup {
  return html`<ul class="findings">
${findings.map(({ state, text }) =>
  state === 'ok'
    ? html`<li>${text}</li>`
    : html`<li class="bad">${state.toUpperCase()}: ${text}</li>`,
)}
</ul>`;
}

function renderSite(site: SiteReport, now: Date): Markup {
  return html`<section>
<h2>${site.part}</h2>
${renderVerdict(site.verdict)}
${site.places.length === 0 ? html`<p class="bad">There are no backups.</p>` : ''}
${site.places.map((place) => renderPlace(place, { site, now }))}
<h3>Last runs</h3>
${renderRuns(site.runs.last, site.part)}
<h3>Settings</h3>
${scrolling(
  `Settings of ${site.part}`,
  html`<table><thead><tr><th scope="col">Setting</th><th scope="col">Value</th></tr></thead>
<tbody>${site.settings.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`,
)}
</section>`;
}

function renderPlace(
  place: PlaceReport,
  { site, now }: { readonly site: SiteReport; readonly now: Date },
): Markup {
  const { points, storage, of } = place;
  const name = `${storage}, ${of}`;
  const moments = points.flatMap(({ moment }) => (moment === undefined ? [] : [moment]));
  const goodRuns = site.runs.goodDays.get(of) ?? [];
  return html`<h3>${name}</h3>
<p class="quiet path">${place.path}</p>
<dl class="facts">${factsOf(place, now)}</dl>
${place.remains.map((problem) => html`<p class="bad">${problem}</p>`)}
${renderProblems(points)}
<h4>Calendar</h4>
${renderCalendar(planCalendar({ points: moments, goodRuns, now }), name)}
<h4>Growth</h4>
<div class="charts">
${renderCurve(
  samplesOf(points, ({ dataFsBytes }) => dataFsBytes),
  'Data.fs',
)}
${renderCurve(accumulated(samplesOf(points, ({ storedBytes }) => storedBytes)), 'Backups that are kept')}
${hasBlobs(points) ? renderCurve(site.runs.blobSizes.get(of) ?? [], 'Blobs in a backup') : ''}
</div>
<h4>Restore points</h4>
${renderPoints(points.slice(-SHOWN).reverse(), name)}`;
}

function factsOf(place: PlaceReport, now: Date): readonly Markup[] {
  const { points, disk, verified, testRestored } = place;
  const last = points.at(-1)?.moment;
  const facts: readonly (readonly [string, Markup])[] = [
    ['Newest', html`${last === undefined ? 'none' : timeOf(last)}`],
    ['Restore points', html`${points.length}`],
    ['Verified', checkedAt(verified)],
    ['Test restore', checkedAt(testRestored)],
    ['Free space', html`${disk === undefined ? 'unknown' : describeDisk(disk, now)}`],
  ];
  return facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
}

function describeDisk(
  { freeBytes, diskBytes, daysUntilFull: days }: NonNullable<PlaceReport['disk']>,
  now: Date,
): string {
  const fullOn =
    days === undefined
      ? 'too few backups to tell when it is full'
      : days > FAR_DAYS
        ? 'enough for more than ten years'
        : `full about ${new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10)}, if nothing old goes`;
  const share = diskBytes === 0 ? 0 : Math.floor((100 * freeBytes) / diskBytes);
  return `${formatBytes(freeBytes)} (${share}%), ${fullOn}`;
}

function checkedAt(moment: Date | undefined): Markup {
  return moment === undefined ? html`<span class="quiet">never</span>` : html`${timeOf(moment)}`;
}

function renderProblems(points: readonly PointReport[]): readonly Markup[] {
  return points.flatMap(({ stamp, problems }) =>
    problems.map((problem) => html`<p class="bad">${stamp}: ${problem}</p>`),
  );
}

function samplesOf(
  points: readonly PointReport[],
  bytesOf: (point: PointReport) => number | undefined,
): readonly Sample[] {
  return points.flatMap((point) => {
    const bytes = bytesOf(point);
    return point.moment === undefined || bytes === undefined
      ? []
      : [{ moment: point.moment, bytes }];
  });
}

function accumulated(samples: readonly Sample[]): readonly Sample[] {
  let sum = 0;
  return samples.map(({ moment, bytes }) => {
    sum += bytes;
    return { moment, bytes: sum };
  });
}

/** Whether the storage has any: the runs tell only of all storages together. */
function hasBlobs(points: readonly PointReport[]): boolean {
  return points.some(({ blobs }) => blobs !== '');
}

function renderPoints(points: readonly PointReport[], name: string): Markup {
  if (points.length === 0) return html`<p>None.</p>`;
  const withBlobs = hasBlobs(points);
  const withTags = points.some(({ tags }) => tags.length > 0);
  const rows = points.map(
    (point) => html`<tr><th scope="row" class="nowrap">${point.stamp}</th><td>${point.kind}</td>
<td class="number">${point.dataFsBytes === undefined ? '?' : formatBytes(point.dataFsBytes)}</td>
<td class="number">${formatBytes(point.storedBytes)}</td>
<td>${point.check === undefined ? '' : html`<span class="${point.check.outcome}">${point.check.text}</span>`}</td>
${withBlobs ? html`<td>${point.blobs}</td>` : ''}${withTags ? html`<td>${point.tags.join(', ')}</td>` : ''}</tr>`,
  );
  return scrolling(
    `Restore points of ${name}`,
    html`<table><thead><tr><th scope="col">Date</th><th scope="col">Kind</th><th scope="col" class="number">Data.fs</th><th scope="col" class="number">Stored</th><th scope="col">Verified</th>${withBlobs ? html`<th scope="col">Blobs</th>` : ''}${withTags ? html`<th scope="col">Tags</th>` : ''}</tr></thead>
<tbody>${rows}</tbody></table>`,
  );
}

function renderRuns(runs: readonly RunReport[], name: string): Markup {
  if (runs.length === 0) return html`<p>None has been logged yet.</p>`;
  const rows = runs.map(
    (
      run,
    ) => html`<tr><th scope="row" class="nowrap">${timeOf(run.begun)}</th><td class="nowrap">${nameOfRun(run)}</td>
<td class="number">${formatSeconds(run.seconds)}</td><td class="number">${formatBytes(run.storedBytes)}</td>
<td class="${isGood(run.result) ? 'good' : 'bad'}">${run.result}</td><td>${run.message}</td></tr>`,
  );
  return scrolling(
    `Last runs of ${name}`,
    html`<table><thead><tr><th scope="col">Begun</th><th scope="col">Run</th><th scope="col" class="number">Took</th><th scope="col" class="number">Stored</th><th scope="col">Result</th><th scope="col">Message</th></tr></thead>
<tbody>${rows}</tbody></table>`,
  );
}

/** What may be wider than the window: it can be reached by keyboard. */
export function scrolling(name: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${name}">${content}</div>`;
}

/** `yyyy-mm-dd hh:mm`. */
export function timeOf(moment: Date): string {
  return moment.toISOString().slice(0, 16).replace('T', ' ');
}
