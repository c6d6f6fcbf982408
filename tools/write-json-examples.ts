/**
 * Runs every command with --json in a sample site, and writes what it printed to docs/reference/json/NAME.example.json.
 *
 * Usage: npm run build && tsx tools/write-json-examples.ts && npm run pages
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandWithJson } from '../src/cli/render/json/documents.ts';

const ROOT = join(import.meta.dirname, '..');
const COMMAND = join(ROOT, 'dist/cli/main.js');
const BUILDOUT = `[buildout]
parts = backup
[backup]
recipe = collective.recipe.backup
blob_storage = var/blobstorage
`;
/** Most items of a list, and most characters of a text, that are shown. */
const ITEMS = 2;
const CHARACTERS = 160;

const scratch = mkdtempSync(join(tmpdir(), 'examples-'));
const site = join(scratch, 'site');
try {
  run(scratch, ['demo', site, '--quiet']);
  const [first = ''] = readdirSync(join(site, 'var/backups')).filter((name) =>
    /^\d.*fsz$/.test(name),
  );
  const stamp = first.slice(0, 'yyyy-mm-dd-hh-mm-ss'.length);
  write('backup', ['--full']);
  write('restore', ['--no-prompt']);
  write('list', []);
  write('verify', []);
  write('history', []);
  write('show', []);
  write('log', []);
  write('diff', [stamp]);
  write('ls', []);
  write('find', []);
  write('cat', ['0x0']);
  write('export', ['/news']);
  const nas = join(scratch, 'nas');
  mkdirSync(nas);
  write('copy', [], { ZODBVAULT_COPIES: nas });
  write('check', []);
  write('test-restore', []);
  write('open', []);
  write('delete', [stamp, '--dry-run']);
  write('prune', ['--dry-run', '--keep', '1']);
  write('tag', ['before-upgrade', stamp]);
  write('init', ['--dry-run']);
  write('keygen', ['-o', 'key.txt']);
  write('adopt', ['var']);
  mkdirSync(join(site, 'copies'));
  write('doctor', ['copies']);
  write('unlock', ['copies', '--site', 'site']);
  write('report', []);
  write('explain', ['locked']);
  write('schedule', ['--no-verify']);
  writeFileSync(join(site, 'buildout.cfg'), BUILDOUT);
  write('config', []);
  write('install', ['--dry-run']);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Runs a command in the sample site, and writes its example. */
function write(
  command: CommandWithJson,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  const printed = run(site, [command, ...words, '--json'], env)
    .replaceAll(site, '/srv/plone')
    .replaceAll(scratch, '/mnt')
    .replaceAll(COMMAND, '/usr/lib/node_modules/zodbvault/dist/cli/main.js')
    .replaceAll(process.execPath, '/usr/bin/node');
  const document = shortened(JSON.parse(printed));
  const path = join(ROOT, 'docs/reference/json', `${command}.example.json`);
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
}

function run(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    // It runs until it is stopped.
    ...(words[0] === 'open' ? { timeout: 5000 } : {}),
  });
  if (status !== 0) throw new Error(`zodbvault ${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string' && value.length > CHARACTERS) return value.slice(0, CHARACTERS);
  if (Array.isArray(value)) return value.slice(0, ITEMS).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one)]));
}
