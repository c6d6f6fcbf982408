import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lineReader } from '../support/line-reader.ts';
import { type OpenedSite, openSite } from '../support/opened-site.ts';
import { type PloneSite, ploneSiteIn } from '../support/plone-instance.ts';
import { describeReal, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';
import { startZeoServer, type ZeoServer } from '../support/zeo-server.ts';
import { AS_ADMIN } from '../support/zope-server.ts';

const scratch = scratchFolder();
const PROGRAM = join(import.meta.dirname, 'programs/plone_live.py');
const ACTIVATED = { PATH: `${dirname(programOf('plone', 'runwsgi'))}:${process.env['PATH']}` };
/** A page may be the first one that a Plone makes, on a machine that has others to start. */
const PATIENCE_MILLIS = 90_000;
const NOTHING_FOUND = 'No results were found';
const FILES = ['picture', 'leaflet'];

/** What is true of the live site at one time: see `test/real/programs/plone_live.py`. */
interface Facts {
  readonly number: number;
  readonly tid: string;
  readonly moment: string;
  readonly word: string;
  readonly seen: Readonly<Record<string, { readonly path: string; readonly text: string }>>;
}

describeReal('plone', 'Plone site, opened at three moments', () => {
  it('shows at each what was true then, while the live site goes on', async () => {
    const folder = join(scratch, 'site');
    const server = await startZeoServer(siteIn(folder), 'plone');
    const site = await ploneSiteIn(folder, server);
    // The instance is a client: where the data lies is in the server's zeo.conf.
    cpSync(server.conf, join(folder, 'etc/zeo.conf'));
    const live = await startLiving(site, server);
    const first = await live.facts();
    await site.runWell('backup');
    // The blobs of these two are in one backup, and those of the second are no longer current there.
    const [second, third] = [await live.facts(), await live.facts()];
    await site.runWell('backup');

    const moments = [
      { facts: first, words: [first.tid] },
      { facts: second, words: [second.moment] },
      { facts: third, words: [third.tid, '--read-only'] },
    ];
    const opened = await Promise.all(
      moments.map(({ words }) =>
        openSite(folder, { words: [...words, '--run'], storages: 2, env: ACTIVATED }),
      ),
    );
    const before = await live.facts();
    await Promise.all(
      moments.map(({ facts }, row) => {
        const others = [...moments.map((one) => one.facts), before].filter((one) => one !== facts);
        return expectAsItWas(opened[row], { facts, others });
      }),
    );
    const after = await live.facts();
    expect(after.number).toBeGreaterThan(before.number);
    expect(after.seen['front page']?.text).not.toBe(before.seen['front page']?.text);
    for (const one of opened) {
      const { status, log } = await one.stop();
      expect([status, log]).toEqual([0, expect.not.stringContaining('wants the blob')]);
    }
    await live.end();
    await server.stop();
    console.info(
      `Plone: ${after.number} edits, beside them as of edits ` +
        moments.map(({ facts }) => facts.number).join(', '),
    );
  });
});

/** Every page and file is as it was, and the search finds nothing of other states. */
async function expectAsItWas(
  opened: OpenedSite | undefined,
  { facts, others }: { readonly facts: Facts; readonly others: readonly Facts[] },
): Promise<void> {
  const url = opened?.storages.at(-1) ?? '';
  for (const [name, { path, text }] of Object.entries(facts.seen)) {
    const body = await get(`${url}${path.slice(1)}`);
    const [is, was] = FILES.includes(name)
      ? [sha256(body), text]
      : [pageOf(body.toString()), pageOf(text)];
    expect.soft(is, `${name} of edit ${facts.number}`).toBe(was);
    expect.soft(others.map(({ seen }) => seen[name]?.text)).not.toContain(text);
  }
  for (const { word } of others) {
    const found = await get(`${url}Plone/@@search?SearchableText=${word}`);
    expect(found.toString()).toContain(NOTHING_FOUND);
  }
  expect(facts.seen['search']?.text).not.toContain(NOTHING_FOUND);
}

/** Without the address that a page was asked for, and the tokens against forged requests, which are new each time. */
function pageOf(text: string): string {
  return text
    .replace(/http:\/\/localhost(:\d+)?/g, '')
    .replace(/\b[0-9a-f]{40}\b/g, '')
    .replace(/\s+/g, ' ');
}

async function get(url: string): Promise<Buffer> {
  const answer = await fetch(url, {
    headers: AS_ADMIN,
    signal: AbortSignal.timeout(PATIENCE_MILLIS),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  expect([url, answer.status]).toEqual([url, 200]);
  return body;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A site that is made, and then changed through its server until it is ended. */
async function startLiving({ instance, blobs }: PloneSite, { socket }: ZeoServer) {
  const child = spawn(programOf('plone', 'python'), [PROGRAM, instance, socket, blobs], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const next = lineReader(child);
  expect(await next()).toBe('living');
  return {
    facts: async () => {
      child.stdin.write('now\n');
      return JSON.parse((await next()) ?? '') as Facts;
    },
    end: async () => {
      child.stdin.end();
      expect(await next()).toBeUndefined();
    },
  };
}
