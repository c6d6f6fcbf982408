import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ping } from '../../src/system/processes/ping.ts';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const SECRET = 'a1b2c3d4-secret';

/** A health-check service: what it was asked for, and the command line of who might be asking. */
let server: Server;
let status = 200;
let requests: string[] = [];
/** Of the last request that had a text. */
let lastBody = '';
/** Whether the service is one that takes a GET of its address alone. */
let isPlain = false;
const commandLines: string[] = [];
let children: () => readonly number[] = () => [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    requests.push(request.url ?? '');
    for (const pid of children()) commandLines.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (chunks.length > 0) lastBody = Buffer.concat(chunks).toString();
    const isKnown = request.method === 'GET' && request.url?.endsWith(SECRET);
    response.writeHead(isPlain && !isKnown ? 405 : status).end('OK');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/${SECRET}`;

/** What was asked for since the last time. */
function asked(): readonly string[] {
  const all = requests;
  requests = [];
  return all.map((url) => url.replace(`/ping/${SECRET}`, ''));
}

describe('ping_url', () => {
  it('is told that a backup begins and is done, or has failed', async () => {
    const site = await newSite(scratch, 3);
    children = () => childrenOf(process.pid);
    const good = await site.run(['backup', '-v', '--ping-url', address()]);
    children = () => [];
    expect([good.status, asked()]).toEqual([0, ['/start', '']]);
    expect(commandLines.length).toBeGreaterThan(0);
    expect(commandLines.join('\n')).not.toContain(SECRET);
    rmSync(site.dataFs);
    const bad = await site.run(['backup'], { env: { ZODBVAULT_PING_URL: `${address()}/` } });
    expect([bad.status, asked()]).toEqual([1, ['/start', '/fail']]);
    expect(good.stdout + good.stderr + bad.stderr).not.toContain(SECRET);
  });

  it('is sent what the backup did, and what was wrong', async () => {
    const site = await newSite(scratch, 3);
    const backUp = () => site.run(['backup', '--ping-url', address()]);
    expect((await backUp()).status).toBe(0);
    const [state, where, wrote] = lastBody.split('\n');
    expect(state).toBe('Backup done');
    expect(where).toBe(`${hostname()}: ${site.dataFs}`);
    expect(wrote).toMatch(/^Backed up: full backup \S+, /);
    expect(lastBody).not.toContain(SECRET);

    truncateSync(site.dataFs, 2);
    asked();
    const failed = await backUp();
    expect([failed.status, asked()]).toEqual([1, ['/start', '/fail']]);
    const [failure, , why = '?'] = lastBody.split('\n');
    expect(failure).toBe('Backup failed');
    expect(failed.stderr).toContain(why);
  });

  it('tells apart a backup with warnings, by its exit status', async () => {
    const site = await siteThatLostItsEnd();
    const warned = await site.run(['backup', '--ping-url', address()]);
    expect([warned.status, asked()]).toEqual([3, ['/start', '/3']]);
    const [state, , first] = lastBody.split('\n');
    expect(state).toBe('Backup done with warnings');
    expect(first).toMatch(/^Warning: /);
    expect(lastBody).toMatch(/^Backed up: /m);
  });

  it('tells a service that takes its address alone that a backup is there, with a GET', async () => {
    isPlain = true;
    const site = await siteThatLostItsEnd();
    const warned = await site.run(['backup', '--ping-url', address()]);
    isPlain = false;
    expect([warned.status, asked()]).toEqual([3, ['/start', '/start', '/3', '']]);
    expect(warned.stderr).not.toContain('("warnings")');
  });

  it('is sent the beginning of a long text, without half a character', async () => {
    const body = `a${'\u00e9'.repeat(6000)}`;
    expect(await ping(address(), { moment: 'done', body })).toBeUndefined();
    asked();
    expect(Buffer.byteLength(lastBody)).toBeLessThanOrEqual(10_000);
    expect(lastBody).toMatch(/^a\u00e9+\n\.\.\.\n$/);
  });

  it('fails no backup when it can not be told, and stays a secret then', async () => {
    const site = await newSite(scratch, 3);
    status = 503;
    const refused = await site.run(['backup', '--ping-url', address()]);
    status = 200;
    expect([refused.status, asked()]).toEqual([0, ['/start', '']]);
    expect(refused.stderr).toContain(
      'Note: the ping of ping_url failed ("start"): it answered with',
    );
    const nowhere = await site.run(['backup', '--ping-url', `http://127.0.0.1:9/${SECRET}`]);
    expect(nowhere.status).toBe(0);
    expect(nowhere.stderr).toMatch(
      /the ping of ping_url failed \("done"\): it could not be reached/,
    );
    const wrong = await site.run(['backup', '--ping-url', `${SECRET}:nothing`]);
    expect(wrong.status).toBe(2);
    for (const { stderr } of [refused, nowhere, wrong]) expect(stderr).not.toContain(SECRET);
    expect(readFileSync(`${site.repository}/.zodbvault.runs.jsonl`, 'utf8')).not.toContain(SECRET);
  });

  it('is an option of a part, which config shows without what is secret', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['backup_blobs = false', `ping_url = ${address()}`]),
    );
    await site.scriptWell('backup');
    expect(asked()).toEqual(['/start', '']);
    for (const words of [['config'], ['config', '--json']]) {
      const { stdout } = await site.run(words);
      expect(stdout).toContain('http://127.0.0.1:');
      expect(stdout).not.toContain(SECRET);
    }
    site.configure(recipeCfg(['backup_blobs = false', `ping_url = ftp://x/${SECRET}`]));
    const { status: failed, stderr, stdout } = await site.run(['config']);
    expect([failed, stderr]).toEqual([2, expect.stringContaining('ping_url: it is no address')]);
    expect(stdout + stderr).not.toContain(SECRET);
  });
});

/** The next backup of it is done with warnings. */
async function siteThatLostItsEnd(): Promise<TestSite> {
  const site = await newSite(scratch, 8);
  await site.runWell('backup');
  truncateSync(site.dataFs, 3000);
  return site;
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim() === '' ? [] : text.trim().split(' ').map(Number);
}
