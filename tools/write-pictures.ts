/**
 * Makes the pictures of the README, docs/pictures/: what a terminal shows during a backup and a restore, and what a
 * browser shows of the report. A sample site has them, and the built command says it all. For the page about pages that
 * are brought back, a browser shows those of a real Plone. Needs bash, faketime, chromium, and the environment that
 * `test/real/environment plone` makes.
 *
 * Usage: npm run pictures
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { programOnTerminal } from '../test/support/terminal.ts';
import { photographPage } from './pictures/page-brought-back.ts';
import { drawTerminal } from './pictures/terminal-picture.ts';
import {
  CLOCK,
  COMMAND,
  makeWeeksOfBackups,
  runAt,
  TODAY,
  wordsAt,
} from './pictures/weeks-of-backups.ts';

const PICTURES = join(import.meta.dirname, '../docs/pictures');
/** What the pictures show instead of this machine's. */
const SHOWN = { folder: '/srv/plone', host: 'plone.example.com' } as const;
const COLUMNS = 132;
/** Of the report, in pixels: down to the curves. */
const WINDOW = '1000,1050';

const scratch = mkdtempSync(join(tmpdir(), 'pictures-'));
const site = join(scratch, 'plone');
try {
  mkdirSync(PICTURES, { recursive: true });
  await makeWeeksOfBackups(site);
  photographReport(join(PICTURES, 'report.png'));
  const bytes = await typeAndRecord(['zodbvault backup', 'zodbvault restore "yesterday 12:00"']);
  const title = 'A terminal: zodbvault backup, and zodbvault restore';
  const picture = await drawTerminal(disguised(bytes), { columns: COLUMNS, title });
  writeFileSync(join(PICTURES, 'terminal.svg'), picture);
  const pages = await photographPage(join(scratch, 'club'));
  for (const [name, png] of Object.entries(pages)) {
    writeFileSync(join(PICTURES, `page-${name}.png`), png);
  }
} finally {
  rmSync(scratch, { recursive: true });
}

function photographReport(picture: string): void {
  const page = join(site, 'report.html');
  runAt(TODAY, ['report', '--output', page], site);
  writeFileSync(page, disguised(readFileSync(page, 'utf8')));
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars'];
  const folder = `--user-data-dir=${join(scratch, 'chromium')}`;
  const shot = [folder, `--window-size=${WINDOW}`, `--screenshot=${picture}`, `file://${page}`];
  execFileSync('chromium', [...options, ...shot], { stdio: 'ignore' });
}

/** Types lines into a shell, and "yes" where the last one asks. Returns all that the terminal got. */
async function typeAndRecord(lines: readonly string[]): Promise<string> {
  const programs = join(scratch, 'bin');
  mkdirSync(programs);
  symlinkSync(COMMAND, join(programs, 'zodbvault'));
  const shell = programOnTerminal(wordsAt(TODAY, ['bash', '--norc', '--noprofile']), {
    cwd: site,
    columns: COLUMNS,
    env: {
      ...CLOCK,
      PATH: [programs, process.env['PATH']].join(delimiter),
      // npx says that it runs this, and then zodbvault would take itself for a part of that.
      npm_command: '',
      // The title of the window, which no picture shows, tells which prompt it is.
      PS1: '\\[\\e]0;prompt \\#\\a\\e[1;32m\\]$\\[\\e[0m\\] ',
    },
  });
  const prompt = (count: number) => shell.waitFor(`prompt ${count}\x07\x1b[1;32m$\x1b[0m `);
  for (const [place, line] of lines.entries()) {
    await prompt(place + 1);
    shell.type(`${line}\r`);
  }
  await shell.waitFor('(yes/No)? ');
  shell.type('yes\r');
  await prompt(lines.length + 1);
  const text = shell.text();
  shell.kill('SIGHUP');
  await shell.ended;
  return text;
}

function disguised(text: string): string {
  return text.replaceAll(site, SHOWN.folder).replaceAll(hostname(), SHOWN.host);
}
