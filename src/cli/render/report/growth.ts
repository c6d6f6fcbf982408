import { formatBytes } from '../../format/units.ts';
import { html, type Markup } from './markup.ts';

/** A size at a moment. */
export interface Sample {
  readonly moment: Date;
  readonly bytes: number;
}

const WIDTH = 320;
const HEIGHT = 140;
const LEFT = 8;
const RIGHT = 8;
const TOP = 22;
const BOTTOM = 22;

/** A curve as SVG; nothing for fewer than two samples. Its title says what it shows. */
export function renderCurve(samples: readonly Sample[], name: string): Markup {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) {
    return html`<figure><figcaption>${name}: too few backups for a curve</figcaption></figure>`;
  }
  const largest = samples.reduce((most, { bytes }) => Math.max(most, bytes), 1);
  const start = first.moment.getTime();
  const span = Math.max(1, last.moment.getTime() - start);
  const places = samples.map(({ moment, bytes }) => ({
    x: LEFT + ((moment.getTime() - start) / span) * (WIDTH - LEFT - RIGHT),
    y: HEIGHT - BOTTOM - (bytes / largest) * (HEIGHT - TOP - BOTTOM),
  }));
  const points = places.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const end = places.at(-1) ?? { x: 0, y: 0 };
  const words = `${name}: from ${formatBytes(first.bytes)} on ${dateOf(first)} to ${formatBytes(last.bytes)} on ${dateOf(last)}, at most ${formatBytes(largest)}`;
  const base = HEIGHT - BOTTOM;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">
<title>${words}</title>
<line class="axis" x1="${LEFT}" y1="${base}" x2="${WIDTH - RIGHT}" y2="${base}"/>
<line class="axis" x1="${LEFT}" y1="${TOP}" x2="${WIDTH - RIGHT}" y2="${TOP}" stroke-dasharray="3 3"/>
<polyline class="curve" points="${points}"/>
<circle class="dot" cx="${end.x.toFixed(1)}" cy="${end.y.toFixed(1)}" r="3.5"/>
<text x="${LEFT}" y="${TOP - 7}">${formatBytes(largest)}</text>
<text x="${LEFT}" y="${HEIGHT - 5}">${dateOf(first)}</text>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 5}" text-anchor="end">${dateOf(last)}</text>
</svg><figcaption>${name}: ${formatBytes(last.bytes)}</figcaption></figure>`;
}

function dateOf({ moment }: Sample): string {
  return moment.toISOString().slice(0, 10);
}
