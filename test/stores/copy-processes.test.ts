import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/system/processes/programs.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { expectSameBlobs } from '../support/copied-site.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { type Fault, startFaultyProxy } from '../support/faulty-proxy.ts';
import { describeWithS3 } from '../support/s3-server.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, type TestSite } from '../support/site.ts';
import { hasSshServer, SshServer } from '../support/ssh-server.ts';

const scratch = scratchFolder();
const faketime = await findProgram('faketime');
/** Longer than a lock lasts, and shorter than what the servers take for a forged request. */
const LATER_MS = 600_000;
let made = 0;

/** A site with so many chains of one backup, none of which is copied yet. */
async function siteWithBackups(chains: number): Promise<TestSite> {
  const site = await newSite(scratch, 12);
  for (let count = 0; count < chains; count += 1) {
    if (count > 0) await pause(1100); // Restore points are a second apart.
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--full');
  }
  return site;
}

/** Names the only copy of a site. */
function configure(site: TestSite, copy: Readonly<Record<string, string | number>>): void {
  const options = Object.entries({ name: 'away', site: 'plone', ...copy });
  const lines = options.map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(join(site.folder, 'zodbvault.toml'), ['[[copies]]', ...lines, ''].join('\n'));
}

/** That the copy is intact, has so many points, and gives back what the site is. */
async function expectWhole(site: TestSite, env: Environment, points: number): Promise<void> {
  const verified = await site.run(['copy', '--verify', '--json'], { env });
  expect([verified.status, verified.stderr]).toEqual([0, expect.anything()]);
  expect(documentOf(verified).copies).toMatchObject([{ points, problems: [] }]);
  const to = join(scratch, `restored-${++made}`);
  const words = ['restore', '-n', '--from', 'away', '--to', to];
  expect(await site.run(words, { env })).toMatchObject({ status: 0 });
  expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
  expectSameBlobs(join(to, 'blobstorage'), join(site.folder, 'var/blobstorage'));
}

type Environment = Readonly<Record<string, string>>;

/** Starts the built command. */
function start(site: TestSite, words: readonly string[], env: Environment): ChildProcess {
  const options = { cwd: site.folder, env: { ...process.env, ...env }, stdio: 'ignore' } as const;
  return spawn(process.execPath, [COMMAND, ...words], options);
}

async function statusOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

describeWithS3('ceph', 'runs that copy to one bucket', (server) => {
  /** A place of its own for a site, and how its runs reach it. */
  const newPlace = async (site: TestSite) => {
    const { bucket, credentialsFile = '' } = await server().newBucket();
    const place = { url: `s3://${bucket}/x`, credentials_file: credentialsFile };
    const keep = (chains: number) => configure(site, { ...place, keep: chains });
    keep(0);
    return { bucket, keep, direct: through(server().endpoint) };
  };
  const through = (url: string): Environment => ({ AWS_ENDPOINT_URL: url });

  it('stand still beyond their lock, and publish nothing afterwards', async () => {
    const site = await siteWithBackups(2);
    const proxy = await startFaultyProxy(server().endpoint);
    const later = await startFaultyProxy(server().endpoint);
    later.follow(() => ({ kind: 'clock', aheadMs: LATER_MS }));
    const asked: string[] = [];
    proxy.follow((_, { method = '', url = '' }) => void asked.push(`${method} ${url}`));
    await newPlace(site);
    expect(await statusOf(start(site, ['copy'], through(proxy.url)))).toBe(0);
    const isPublishing = (one: string) => /^PUT .*\/(points\/|lease)/.test(one);
    const stops = asked.flatMap((one, index) => (isPublishing(one) ? [index + 1] : []));
    const ends: (number | null)[] = [];
    for (const stop of stops) {
      const { direct } = await newPlace(site);
      const events = new EventEmitter();
      const isStopped = once(events, 'stopped');
      const otherIsDone = once(events, 'done');
      // Its request comes when all is over.
      const fault: Fault = { kind: 'hold', until: otherIsDone };
      proxy.follow((number) => {
        if (number !== stop) return undefined;
        run.kill('SIGSTOP');
        events.emit('stopped');
        return fault;
      });
      const run = start(site, ['copy'], through(proxy.url));
      await isStopped;
      const taking = await site.run(['copy'], { env: through(later.url) });
      expect([stop, taking.status, taking.stderr]).toEqual([stop, 0, expect.anything()]);
      events.emit('done');
      run.kill('SIGCONT');
      ends.push(await statusOf(run));
      await expectWhole(site, direct, 2);
    }
    // It finds out that its lock is lost, or that the record is there.
    expect(ends.filter((status) => status === 4).length).toBeGreaterThanOrEqual(2);
    expect(ends.filter((status) => status === 1).length).toBeGreaterThanOrEqual(2);
    expect(ends).not.toContain(null);
  });

  it('are two at once: one copies, the other does nothing, or waits its turn', async () => {
    const site = await siteWithBackups(2);
    for (let round = 0; round < 3; round += 1) {
      const { direct } = await newPlace(site);
      const runs = [start(site, ['copy'], direct), start(site, ['copy'], direct)];
      const ends = await Promise.all(runs.map(statusOf));
      expect(ends).toContain(0);
      for (const status of ends) expect([0, 4]).toContain(status);
      await expectWhole(site, direct, 2);
    }
  });

  it('are killed, while they copy and while they remove: nothing is lost, and the next one goes on', async () => {
    const site = await siteWithBackups(2);
    const proxy = await startFaultyProxy(server().endpoint);
    const { direct, keep } = await newPlace(site);
    const isKilledAt = async (at: number) => {
      proxy.follow((number) => {
        if (number === at) run.kill('SIGKILL');
        return undefined;
      });
      const run = start(site, ['copy'], through(proxy.url));
      await statusOf(run);
      return run.signalCode === 'SIGKILL';
    };
    let kills = 0;
    for (const [chains, points] of [
      [0, 2],
      [1, 1],
    ] as const) {
      keep(chains);
      for (let at = 4; await isKilledAt(at); at += 4) {
        kills += 1;
        const verified = await site.run(['copy', '--verify'], { env: direct });
        // Before the first of its runs has come far, there is no copy that could be read.
        expect([at, verified.status, verified.stderr]).toEqual([at, 0, expect.anything()]);
      }
      await expectWhole(site, direct, points);
    }
    expect(kills).toBeGreaterThan(6);
  });

  it('wait for a server that was killed and starts again, be it that they copy or bring back', async () => {
    const site = await siteWithBackups(1);
    const proxy = await startFaultyProxy(server().endpoint);
    const { direct } = await newPlace(site);
    const killAt = (at: number) =>
      proxy.follow((number) => {
        if (number === at) server().killAndStart();
        return undefined;
      });
    killAt(8);
    expect(await statusOf(start(site, ['copy'], through(proxy.url)))).toBe(0);
    await expectWhole(site, direct, 1);
    killAt(5);
    await expectWhole(site, through(proxy.url), 1);
  });

  it('find a full bucket: the backup is made, the copy is whole, and complete when there is room', async () => {
    const site = await siteWithBackups(1);
    const { bucket, direct } = await newPlace(site);
    expect(await site.run(['copy'], { env: direct })).toMatchObject({ status: 0 });
    server().limitBucket(bucket, 400_000);
    await growDatabase(site.dataFs, { transactions: 1, bytesEach: 1_000_000 });
    const { status, stderr } = await site.run(['backup'], { env: direct });
    expect([status, stderr]).toEqual([3, expect.stringContaining('the bucket is full')]);
    const verified = await site.run(['copy', '--verify'], { env: direct });
    expect(verified).toMatchObject({ status: 0 });
    server().limitBucket(bucket, 100_000_000);
    expect(await site.run(['copy'], { env: direct })).toMatchObject({ status: 0 });
    await expectWhole(site, direct, 2);
  });

  it.skipIf(faketime === undefined).each(['+1h', '-1h'])(
    'have a clock that is off by %s (needs faketime)',
    async (shift) => {
      const site = await siteWithBackups(1);
      const { direct } = await newPlace(site);
      const words = ['--exclude-monotonic', '-f', shift, process.execPath, COMMAND, 'copy'];
      const options = { cwd: site.folder, env: direct };
      const { status, stderr } = await runProgram(faketime ?? '', words, options);
      expect([status, stderr]).toEqual([0, expect.anything()]);
      await expectWhole(site, direct, 1);
    },
  );
});

describe.skipIf(!hasSshServer)('runs that copy to a disk that is full (needs root)', () => {
  /** Has room for the first backup, and not for the second. */
  const ROOM = 'size=1500k';

  it.each(['folder', 'SFTP'] as const)(
    'on a %s: the backup is made, the copy is whole, and complete when there is room',
    async (kind) => {
      const site = await siteWithBackups(1);
      await using server = await SshServer.start(join(scratch, `ssh-${++made}`));
      const disk = join(server.root, 'disk');
      mkdirSync(disk);
      const mount = (words: readonly string[]) => execFileSync('mount', words);
      mount(['-t', 'tmpfs', '-o', ROOM, 'tmpfs', disk]);
      try {
        const keys = { known_hosts: server.knownHosts, identity_file: server.userKey };
        const url = `sftp://root@127.0.0.1:${server.port}${disk}`;
        configure(site, kind === 'folder' ? { url: disk } : { url, ...keys });
        expect(await site.run(['copy'])).toMatchObject({ status: 0 });
        await growDatabase(site.dataFs, { transactions: 3, bytesEach: 1_000_000 });
        const { status, stderr } = await site.run(['backup']);
        expect([status, stderr]).toEqual([3, expect.stringContaining('no space left')]);
        expect(await site.run(['copy', '--verify'])).toMatchObject({ status: 0 });
        mount(['-o', 'remount,size=50m', disk]);
        expect(await site.run(['copy'])).toMatchObject({ status: 0 });
        await expectWhole(site, {}, 2);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
});
