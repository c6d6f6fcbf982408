import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCalendar } from '../../src/cli/render/report/calendar.ts';
import { html } from '../../src/cli/render/report/markup.ts';
import { formatReport } from '../../src/cli/render/report/page.ts';
import { reportRuns } from '../../src/cli/render/report/runs-report.ts';
import type { SiteReport } from '../../src/cli/render/report/site-report.ts';
import { PAIRS, PALETTE } from '../../src/cli/render/report/stylesheet.ts';
import type { PastRun } from '../../src/operations/run/past-runs.ts';
import { findProgram } from '../../src/system/processes/programs.ts';
import { runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const hasChromium = (await findProgram('chromium')) !== undefined;
if (!hasChromium) console.log('chromium is not here: its test is skipped');

const HOSTILE = `"><script>document.title = 'taken'</script><img src=x onerror=alert(1)>&amp;'`;
const day = (number: number) => new Date(Date.UTC(2026, 2, number, 2, 37));

function hostileReport(): SiteReport {
  const point = {
    kind: HOSTILE,
    dataFsBytes: 5e6,
    storedBytes: 1e6,
    check: { text: HOSTILE, outcome: 'bad' },
    blobs: HOSTILE,
    tags: [HOSTILE],
    problems: [HOSTILE],
  } as const;
  const names = { storage: HOSTILE, of: HOSTILE, path: HOSTILE };
  const run = { verb: HOSTILE, of: HOSTILE, result: HOSTILE, message: HOSTILE };
  const sizes = [2, 3].map((date) => ({ moment: day(date), bytes: 1e6 }));
  return {
    part: HOSTILE,
    verdict: { state: 'critical', findings: [{ state: 'critical', text: HOSTILE }] },
    places: [
      {
        ...names,
        points: [2, 3, 5].map((date) => ({ ...point, stamp: HOSTILE, moment: day(date) })),
        remains: [HOSTILE],
        verified: day(3),
        testRestored: undefined,
        disk: { freeBytes: 1e9, diskBytes: 1e10, daysUntilFull: 30 },
      },
    ],
    runs: {
      last: [{ ...run, begun: day(5), seconds: 3, storedBytes: 1e6, blobBytes: 1e6 }],
      goodDays: new Map([[HOSTILE, [day(4)]]]),
      blobSizes: new Map([[HOSTILE, sizes]]),
    },
    settings: [[HOSTILE, HOSTILE]],
  };
}

describe('zodbvault report', () => {
  it('writes one page that says what is there, and nothing of the commands', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await site.runWell('verify');
    const env = { ZODBVAULT_PING_URL: 'https://user:pass@ping.example:8/s3cret' };
    const { stderr } = await site.run(['report', '--output', 'page.html'], { env });
    const path = join(site.folder, 'page.html');
    expect(stderr).toBe(`Wrote ${path}\n`);
    const page = readFileSync(path, 'utf8');
    const [stamp = ''] = (site.dataFiles()[0] ?? '').split('.');
    for (const words of [stamp, site.repository, site.dataFs, 'Calendar', 'Last runs', 'keep']) {
      expect(page).toContain(words);
    }
    expect(page).toContain('<td>https://ping.example:8/***</td>');
    expect(page).not.toMatch(/s3cret|pass@/);
  });

  it('says on the page that there is no backup yet', async () => {
    const site = await newSite(scratch);
    const { status, stderr } = await site.run(['report', '--output', 'page.html']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('Cannot find backups')]);
    const page = readFileSync(join(site.folder, 'page.html'), 'utf8');
    expect(page).toContain('CRITICAL: no backup yet');
    expect(page).toContain('There are no backups.');
  });

  it('begins with the host and the verdict of check, and has all that check says', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const good = await site.run(['check', '--json']);
    await site.run(['report', '--output', 'page.html']);
    truncateSync(join(site.repository, site.dataFiles()[0] ?? ''), 100);
    const bad = await site.run(['check', '--json']);
    await site.run(['report', '--output', 'bad.html']);
    for (const [name, { stdout }] of [['page.html', good] as const, ['bad.html', bad] as const]) {
      const result = JSON.parse(stdout);
      const page = readFileSync(join(site.folder, name), 'utf8');
      expect(page).toMatch(new RegExp(`<h1>.*${hostname()}</h1>\\s*<p class="verdict`));
      expect(page).toMatch(new RegExp(`<p class="verdict [a-z]+">[^<]*: ${result.state}</p>`));
      const findings = /<ul class="findings">(.*?)<\/ul>/s.exec(page)?.[1] ?? '';
      expect(findings.match(/<li/g)?.length).toBe(result.findings.length);
    }
    expect(JSON.parse(bad.stdout).state).toBe('CRITICAL');
    expect(readFileSync(join(site.folder, 'bad.html'), 'utf8')).toContain('<li class="bad">');
  });
});

describe('what the page tells of runs', () => {
  /** A backup a minute, the newest first. */
  const runs = (count: number, more: Partial<PastRun> = {}) =>
    Array.from({ length: count }, (_, index): PastRun => {
      const begun = new Date(Date.UTC(2020, 0, 1) + (count - index) * 60_000).toISOString();
      const common = { verb: 'backup', of: 'backup', part: 'backup', result: 'done' } as const;
      const counts = { seconds: 1, readBytes: 1, storedBytes: 1, warnings: 0 };
      return { ...common, ...counts, begun, blobBytes: count - index, ...more };
    });

  it('is gathered in turns, and no longer than the page', async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    const count = 200_000;
    const { last, goodDays, blobSizes } = await reportRuns(runs(count));
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(1);
    expect(last.length).toBe(30);
    expect(goodDays.get('backup')?.length).toBe(Math.floor(count / 1440) + 1);
    const bytes = blobSizes.get('backup')?.map((one) => one.bytes) ?? [];
    expect(bytes.length).toBeLessThanOrEqual(1001);
    expect([bytes[0], bytes.at(-1)]).toEqual([1, count]);
  });

  it('has each kind for itself, the good days of backups alone, and all sizes of a few', async () => {
    const of = { of: 'zip' } as const;
    const failed = { result: 'failed' } as const;
    const all = [...runs(3), ...runs(2, of), ...runs(1, { ...failed, blobBytes: 0 })];
    const { goodDays, blobSizes } = await reportRuns([...all, ...runs(1, { verb: 'verify' })]);
    expect([...goodDays.keys()]).toEqual(['backup', 'zip']);
    expect(blobSizes.get('zip')?.map((one) => one.bytes)).toEqual([1, 2]);
    expect((await reportRuns(runs(1, failed))).goodDays.size).toBe(0);
  });
});

describe('the page', () => {
  const page = formatReport([hostileReport()], { now: day(8), host: HOSTILE });

  it('has landmarks, headings in order, names for what is drawn and what scrolls', () => {
    for (const tag of ['header', 'main', 'section']) expect(page).toContain(`<${tag}>`);
    expect(page).toContain('<html lang="en">');
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1).length).toBe(1);
    for (const [place, level] of levels.entries()) {
      expect(level - (levels[place - 1] ?? 0)).toBeLessThanOrEqual(1);
    }
    expect(page.match(/<svg /g)?.length).toBeGreaterThan(1);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)?.length).toBe(
      page.match(/<svg /g)?.length,
    );
    expect(page.match(/tabindex="0"/g)?.length).toBe(
      page.match(/role="region" tabindex="0" aria-label="[^"]+"/g)?.length,
    );
    expect(page).toContain(':focus-visible');
  });

  it('refers to nothing outside and runs nothing', () => {
    expect(page).not.toMatch(/<(script|img|link|iframe|object|base|form|a)\b/i);
    expect(page).not.toMatch(/https?:|@import|url\(/);
    expect(page).toContain(`default-src 'none'`);
  });

  it('has a contrast of 4.5 and more in both schemes', () => {
    for (const scheme of [PALETTE.light, PALETTE.dark]) {
      for (const [front, back] of PAIRS) {
        const found = contrast(scheme[front], scheme[back]);
        expect([front, back, found >= 4.5]).toEqual([front, back, true]);
      }
    }
  });

  it.skipIf(!hasChromium)('shows hostile names as text in a browser', async () => {
    const path = join(scratch, 'hostile.html');
    writeFileSync(path, page);
    const stdout = await domOf(path);
    expect(stdout).toContain('<title>Backup report of "&gt;');
    expect(stdout).not.toMatch(/<(script|img)\b/);
    expect(stdout).toContain(`<h2>"&gt;&lt;script&gt;document.title = 'taken'&lt;/script&gt;`);
    expect(stdout.trimEnd()).toMatch(/<\/main>\s*<\/body><\/html>$/);
  });

  it.skipIf(!hasChromium)(
    'reads on a phone without sideways scrolling',
    async () => {
      const site = await newSite(scratch);
      await site.runWell('backup');
      await site.run(['report', '--output', 'phone.html']);
      for (const shown of [page, readFileSync(join(site.folder, 'phone.html'), 'utf8')]) {
        const source = shown.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
        const phone = join(scratch, 'phone.html');
        writeFileSync(
          phone,
          `<iframe style="width: 375px; height: 800px; border: 0" srcdoc="${source}"></iframe>
<script>const frame = document.querySelector('iframe');
frame.onload = () => { const { scrollWidth, clientWidth } = frame.contentDocument.documentElement; document.title = 'hidden ' + (scrollWidth - clientWidth); };</script>`,
        );
        expect(await domOf(phone)).toContain('<title>hidden 0</title>');
      }
    },
    60_000,
  );
});

describe('html', () => {
  it('makes text of whatever is put into it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`;
        const inner = made.slice('<p title="'.length, -'</p>'.length);
        const [first, second, ...others] = inner.split('">');
        expect([first, others]).toEqual([second, []]);
        expect(first).not.toMatch(/[<>"']/);
      }),
    );
  });
});

describe('calendar', () => {
  it('tells restore points, days without news, gaps, and days that are not over', () => {
    const weeks = planCalendar({
      points: [day(2), day(2), day(4)],
      goodRuns: [day(5)],
      now: day(8),
    });
    expect(weeks.map((week) => week.map(({ kind }) => kind).join(' '))).toEqual([
      'some gap some same gap gap none',
    ]);
    expect(weeks[0]?.[0]).toEqual({ date: '2026-03-02', kind: 'some', points: 2 });
  });

  it('has a week where there is no backup, and at most 26', () => {
    const now = day(8);
    expect(planCalendar({ points: [], goodRuns: [], now }).length).toBe(1);
    expect(planCalendar({ points: [new Date(0)], goodRuns: [], now }).length).toBe(26);
  });
});

/** What a browser makes of a page. */
async function domOf(path: string): Promise<string> {
  const { stdout } = await runProgram('chromium', [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom'],
    `--user-data-dir=${join(scratch, 'chromium')}`,
    `file://${path}`,
  ]);
  return stdout;
}

/** WCAG 2: the contrast ratio of two colours. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const value = Number.parseInt(colour.slice(place, place + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
