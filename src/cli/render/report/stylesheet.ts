/** The colours, by what they are for. A test computes the contrast of each pair of {@link PAIRS}. */
export const PALETTE = {
  light: {
    page: '#ffffff',
    text: '#1b1f24',
    quiet: '#57606a',
    line: '#d0d7de',
    good: '#116329',
    bad: '#a40e26',
    'good-field': '#d2f2da',
    'same-field': '#eaeef2',
    'bad-field': '#ffd7d5',
    chart: '#0550ae',
  },
  dark: {
    page: '#0f1318',
    text: '#e6edf3',
    quiet: '#9aa5b1',
    line: '#39424d',
    good: '#7ee2a0',
    bad: '#ffa9a3',
    'good-field': '#123d22',
    'same-field': '#262d36',
    'bad-field': '#5c1a1d',
    chart: '#79b8ff',
  },
} as const;

/** What is written in which colour on which. */
export const PAIRS = [
  ['text', 'page'],
  ['quiet', 'page'],
  ['good', 'page'],
  ['bad', 'page'],
  ['chart', 'page'],
  ['text', 'good-field'],
  ['text', 'same-field'],
  ['text', 'bad-field'],
] as const satisfies readonly (readonly [Colour, Colour])[];

export type Colour = keyof (typeof PALETTE)['light'];

export function formatStylesheet(): string {
  return `:root { color-scheme: light dark; ${variables('light')} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables('dark')} } }
${RULES}`;
}

function variables(scheme: keyof typeof PALETTE): string {
  return Object.entries(PALETTE[scheme])
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ');
}

const RULES = `* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
p { margin: .4rem 0; }
.quiet, figcaption { color: var(--quiet); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
/* The verdict is what people look for. */
.verdict { font-size: 1.25rem; }
.findings { margin: .4rem 0; padding-left: 1.2rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 0; }
.facts div { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 3px solid var(--chart); outline-offset: 2px; }
table { border-collapse: collapse; overflow-wrap: break-word; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
.nowrap { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.calendar { border-collapse: separate; border-spacing: 2px; }
.calendar tbody tr { border: 0; }
.calendar th { font-weight: 400; padding: 0 .4rem 0 0; font-size: .75rem; color: var(--quiet); white-space: nowrap; }
.calendar tbody th { vertical-align: middle; }
.calendar td { width: 1.5rem; min-width: 1.5rem; height: 1.5rem; padding: 0; border-radius: .2rem;
  text-align: center; vertical-align: middle; font-size: .75rem; }
.some { background: var(--good-field); }
.same { background: var(--same-field); }
.gap { background: var(--bad-field); font-weight: 700; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.25rem; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--quiet); font-size: 12px; }
svg .axis { stroke: var(--line); }
svg .curve { fill: none; stroke: var(--chart); stroke-width: 2; }
svg .dot { fill: var(--chart); }
/* On paper everything is smaller, so that all weeks of the calendar have room. */
@media print { :root { color-scheme: light; font-size: 12px; } body { max-width: none; padding: 0; }
  section, figure, table { break-inside: auto; } h2, h3, h4, .path { break-after: avoid; }
  tr, figure, .facts, .charts, .calendar { break-inside: avoid; } .scroll { overflow: visible; }
  .calendar th { font-size: .6rem; padding: 0 .2rem 0 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
