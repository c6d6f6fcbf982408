import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { blobKey, headKey, sitePrefix } from '../src/copies/layout/keys.ts';
import { encodeSiteHead } from '../src/copies/layout/site-head.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import type { Tid } from '../src/filestorage/tid.ts';
import { readSiteHeads } from '../src/operations/from-copy/site-heads.ts';
import { formatStamp } from '../src/repository/layout/stamp.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { zodbvault } from './support/command.ts';
import { countedObjects } from './support/counted-objects.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const SITES = 1000;
const OBJECTS_EACH = 99;
const place = join(scratch, 'nas');
const cache = join(scratch, 'cache');
const env = { XDG_CACHE_HOME: cache };

function nameOf(number: number): string {
  return `site-${String(number).padStart(4, '0')}`;
}

function writeHead(site: string, at: Date): void {
  const newest = formatStamp(at);
  const places = [{ storage: 'Data', kind: 'backup', points: 7, newest }] as const;
  const head = { format: 1, tool: 'zodbvault', site, at: at.toISOString(), places } as const;
  writeFileSync(join(place, headKey(site)), encodeSiteHead({ ...head, sequence: 7 }));
}

beforeAll(() => {
  mkdirSync(join(place, 'heads'), { recursive: true });
  const of = { storage: 'Data', form: [] } as const;
  for (let number = 0; number < SITES; number++) {
    const site = nameOf(number);
    for (let count = 0; count < OBJECTS_EACH; count++) {
      const key = blobKey(of, { oid: oidFrom(BigInt(count % 10)), tid: BigInt(count) as Tid });
      const path = join(place, sitePrefix(site), key);
      if (count < 10) mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, '');
    }
    writeHead(site, new Date());
  }
}, 300_000);

describe('a place with copies of a thousand sites, and a hundred thousand objects', () => {
  it('costs a listing of the heads, and a request for each that has changed', async () => {
    process.env['XDG_CACHE_HOME'] = join(scratch, 'cache-of-library');
    const look = async () => {
      const objects = countedObjects(folderObjects(place));
      const heads = await readSiteHeads(objects);
      return { heads, requests: objects.requests.map((one) => one.split(' ')[0]) };
    };
    const first = await look();
    expect(first.heads.map(({ name }) => name)).toEqual(
      Array.from({ length: SITES }, (_, number) => nameOf(number)),
    );
    expect(first.requests).toEqual(['LIST', ...Array(SITES).fill('GET')]);
    writeHead(nameOf(3), new Date(Date.now() - 1000));
    writeHead(nameOf(500), new Date(Date.now() - 1000));
    const second = await look();
    expect(second.requests).toEqual(['LIST', 'GET', 'GET']);
    expect(second.heads).not.toEqual(first.heads);
    expect((await look()).requests).toEqual(['LIST']);
  }, 120_000);

  it('is listed, and one site alone', async () => {
    const listed = await zodbvault(['list', '--from', place, '--sites'], { cwd: scratch, env });
    expect([listed.status, listed.stderr]).toEqual([0, '1,000 sites\n']);
    expect(listed.stdout.trimEnd().split('\n').length).toBe(SITES + 1);
    const words = ['list', '--from', place, '--sites', '--part', nameOf(7), '--json'];
    const one = await zodbvault(words, { cwd: scratch, env });
    const { sites } = JSON.parse(one.stdout) as { readonly sites: readonly object[] };
    expect(sites).toMatchObject([{ site: nameOf(7), places: [{ storage: 'Data', points: 7 }] }]);
  }, 120_000);

  it('is checked in one line, which names what is too old', async () => {
    const check = () => zodbvault(['check', '--from', place], { cwd: scratch, env });
    const good = await check();
    expect([good.status, good.stdout]).toEqual([
      0,
      'ZODBVAULT OK - all 1,000 sites copied in time\n',
    ]);
    writeHead(nameOf(9), new Date(Date.now() - 30 * 3600_000));
    writeHead(nameOf(11), new Date(Date.now() - 90 * 3600_000));
    const late = await check();
    expect(late.status).toBe(2);
    expect(late.stdout).toMatch(
      /^ZODBVAULT CRITICAL - site-0011: copied .* ago, site-0009: copied .* ago, others: 998 sites copied in time \|/,
    );
  }, 120_000);

  it('is reported on one page, those first that need somebody', async () => {
    writeHead(nameOf(11), new Date(Date.now() - 90 * 3600_000));
    const words = ['report', '--from', place, '-o', 'copies.html'];
    const { status, stderr } = await zodbvault(words, { cwd: scratch, env });
    expect([status, stderr]).toEqual([0, `Wrote ${join(scratch, 'copies.html')}\n`]);
    const page = readFileSync(join(scratch, 'copies.html'), 'utf8');
    expect(page).toContain('<p class="verdict bad">site-0011: CRITICAL</p>');
    const rows = [...page.matchAll(/<tr><th scope="row">([^<]*)/g)].map(([, name]) => name);
    expect([rows.length, new Set(rows).size, rows.indexOf('site-0011')]).toEqual([SITES, SITES, 0]);
    const one = ['report', '--from', place, '--part', nameOf(7), '-o', 'copies.html'];
    expect((await zodbvault(one, { cwd: scratch, env })).status).toBe(0);
    expect(readFileSync(join(scratch, 'copies.html'), 'utf8')).not.toContain('site-0011');
  }, 60_000);

  it('does not guess which site is meant', async () => {
    const { status, stderr } = await zodbvault(['show', '--from', place], { cwd: scratch, env });
    expect(status).toBe(2);
    expect(stderr).toContain('has copies of 1000');
    expect(stderr).toContain('--part NAME');
  }, 60_000);
});
