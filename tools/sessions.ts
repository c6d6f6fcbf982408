import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { makeSite } from '../test/support/database.ts';

const COMMAND = join(import.meta.dirname, '../dist/cli/main.js');
/** Where the site is, in the page, and when: what a reader may have. */
const FOLDER = '/srv/plone';
const ZONE = 'Europe/Berlin';
const TRANSACTIONS = 302;

const SESSION = /(?<=^```console\n)[^`]*(?=^```$)/gm;
const QUESTION = 'Are you sure? (yes/No)? ';

/**
 * Types what a page shows in its sessions, in the order of the page, at a sample site that has no backups yet, and
 * answers yes to each question. Returns the page with what the built command has said.
 */
export async function replaySessions(page: string): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'sessions-'));
  try {
    const site = join(scratch, 'site');
    const programs = join(scratch, 'bin');
    mkdirSync(programs);
    symlinkSync(COMMAND, join(programs, 'zodbvault'));
    await makeSite(join(site, 'var/filestorage/Data.fs'), TRANSACTIONS);
    const type = (line: string) => {
      const said = line.startsWith('zodbvault ') ? run(line, { site, programs }) : '';
      return `$ ${line}\n${said.replaceAll(site, FOLDER)}`;
    };
    return page.replace(SESSION, (session) => typedLines(session).map(type).join(''));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function typedLines(session: string): readonly string[] {
  return session.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
}

interface Machine {
  readonly site: string;
  /** Where zodbvault is installed. */
  readonly programs: string;
}

/** What a terminal would show, without the progress. */
function run(line: string, { site, programs }: Machine): string {
  const path = join(programs, '../said');
  const file = openSync(path, 'w');
  const PATH = [programs, process.env['PATH']].join(delimiter);
  const { status } = spawnSync(line, {
    shell: true,
    cwd: site,
    input: 'yes\n',
    stdio: ['pipe', file, file],
    // npx says that it runs this, and then zodbvault would take itself for a part of that.
    env: { ...process.env, TZ: ZONE, PATH, npm_command: '' },
  });
  closeSync(file);
  const said = readFileSync(path, 'utf8');
  if (status !== 0) throw new Error(`"${line}" ended with ${status}: ${said}`);
  return said.replace(QUESTION, `${QUESTION}yes\n`);
}
