/** One run at a time: the built command, the scripts, and holders that are killed, stopped or elsewhere. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeLockRecord, encodeLockRecord } from '../../src/system/locks/lock-record.ts';
import {
  type BuildoutSite,
  commitBlob,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import type { Finished } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const rsync = spawnSync('sh', ['-c', 'command -v rsync']).stdout.toString().trim();
const running: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of running.splice(0)) killLeft(pid);
});

/** Whatever of a process group still runs. */
function killLeft(group: number | undefined): void {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL');
  } catch {} // None of it does.
}

const makeSite = () =>
  newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage', 'keep = 1']));

/** A `bin/backup` that has backed up the Data.fs and is held up at the blobs: rsync waits for `go`. */
async function startBackup(site: BuildoutSite) {
  const folder = site.path('slow');
  mkdirSync(folder, { recursive: true });
  const [waits, gate] = [join(folder, 'waits'), join(folder, 'gate')];
  for (const path of [waits, gate]) rmSync(path, { force: true });
  writeFileSync(
    join(folder, 'rsync'),
    `#!/bin/sh\n: > '${waits}'\nwhile [ ! -e '${gate}' ]; do sleep 0.05; done\nexec '${rsync}' "$@"\n`,
  );
  chmodSync(join(folder, 'rsync'), 0o755);
  const child = spawn(site.path('bin/backup'), ['-q'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  });
  running.push(child);
  const ended = once(child, 'close');
  await vi.waitUntil(() => existsSync(waits), { timeout: 30_000 });
  const lockFile = site.path('var/backups/.zodbvault.lock');
  const pid = decodeLockRecord(readFileSync(lockFile, 'utf8'))?.pid ?? 0;
  return { child, pid, lockFile, ended, go: () => writeFileSync(gate, '') };
}

describe.skipIf(rsync === '')('a run beside another (needs rsync)', () => {
  it('is told who holds the locks, waits if it may, and can be stopped', async () => {
    const site = await makeSite();
    const holder = await startBackup(site);
    const who = new RegExp(
      `another run holds it \\(backup, pid ${holder.pid} on ${hostname()}, since \\S+Z, \\d+ seconds? ago\\)`,
    );
    const refused = (finished: Finished, status: number) => {
      expect(finished).toMatchObject({ status, stderr: expect.stringMatching(who) });
      expect(finished.stderr).toContain('--wait');
    };
    refused(await site.run(['backup']), 4);
    refused(await site.script('backup'), 1);
    refused(await site.script('restore', ['--no-prompt']), 1);
    process.kill(holder.pid, 'SIGSTOP');
    refused(await site.run(['backup', '--wait=1']), 4);
    process.kill(holder.pid, 'SIGCONT');

    let isStopped = false;
    const interrupted = await site.run(['backup', '--wait'], {
      onStderr: (text, kill) => {
        if (!isStopped && text.includes('Waiting for the lock')) {
          isStopped = true;
          kill('SIGINT');
        }
      },
    });
    expect(interrupted).toMatchObject({ status: 130 });

    let isTold = false;
    const waited = await site.script('backup', ['--wait'], {
      onStderr: (text) => {
        if (!isTold && text.includes('Waiting for the lock')) {
          isTold = true;
          setTimeout(holder.go, 1200); // After some attempts.
        }
      },
    });
    expect(waited).toMatchObject({ status: 0, stderr: expect.stringMatching(who) });
    expect(waited.stderr.split('Waiting for the lock').length).toBe(2);
    expect(await holder.ended).toEqual([0, null]);
    expect(readFileSync(holder.lockFile, 'utf8')).toBe('');
  });

  it('goes on where one was killed, and all that were started at once come to their end', async () => {
    const site = await makeSite();
    const holder = await startBackup(site);
    process.kill(holder.pid, 'SIGKILL');
    await vi.waitUntil(() => spawnSync('flock', ['-n', holder.lockFile, 'true']).status === 0);
    expect(decodeLockRecord(readFileSync(holder.lockFile, 'utf8'))?.pid).toBe(holder.pid);
    await commitBlob(site.dataFs);
    const words = ['--wait', '-q'];
    const all = await Promise.all([
      ...[1, 2].map(() => site.script('backup', words)),
      site.run(['backup', '--full', ...words]),
    ]);
    expect(all.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      all.map(() => ({ status: 0, stderr: '' })),
    );
    expect(await site.run(['verify', '--kind', 'backup'])).toMatchObject({ status: 0 });
  });
});

describe('a holder on another machine', () => {
  it('is believed while its heart beats, and taken over when it doesn’t', async () => {
    const site = await makeSite();
    await site.scriptWell('backup', '-q');
    const path = site.path('var/blobstoragebackups/.zodbvault.lock');
    const file = openSync(path, 'w');
    const record = { pid: 4711, host: 'elsewhere', boot: 'other', command: 'snapshotbackup' };
    let beat = 0;
    const write = () => {
      const since = '2026-03-01T04:05:06.789Z';
      writeSync(file, encodeLockRecord({ ...record, since, beat: ++beat, beatSeconds: 0.5 }), 0);
    };
    write();
    const timer = setInterval(write, 100);
    try {
      expect(await site.run(['backup'])).toMatchObject({
        status: 4,
        stderr: expect.stringContaining('snapshotbackup, pid 4711 on elsewhere, since 2026-03-01'),
      });
    } finally {
      clearInterval(timer);
    }
    expect(await site.run(['backup'])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`Looking whether the holder of "${path}" still lives`),
    });
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

describe('a restore beside a server', () => {
  it('waits until the server has ended, and leaves what that wrote into its lock', async () => {
    const site = await makeSite();
    await site.scriptWell('backup', '-q');
    const lockFile = `${site.dataFs}.lock`;
    writeFileSync(lockFile, ' 4711\n');
    const server = spawn('flock', ['-x', lockFile, 'sh', '-c', 'echo held; read line'], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.push(server);
    await once(server.stdout, 'data');
    const words = ['restore', '--no-prompt', '--no-blobs'];
    for (const [more, so] of [
      [[], 'the restore would stop there; stop Zope or ZEO first'],
      [['--force'], 'restart it after the restore'],
    ] as const) {
      expect(await site.run([...words, '--dry-run', ...more])).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(
          `^Note: a server, the process \\d+, holds "${lockFile}": ${so}\\n$`,
        ),
      });
    }
    expect(await site.run([...words, '--wait=0'])).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('holds its lock'),
    });
    const waited = await site.run([...words, '--wait'], {
      onStderr: (text) => {
        if (text.includes('Waiting for the lock')) server.stdin.end('\n');
      },
    });
    expect(waited).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(
        `Waiting for the lock "${lockFile}": a server holds it (pid `,
      ),
    });
    expect(readFileSync(lockFile, 'utf8')).toBe(' 4711\n');
    expect(await site.run([...words, '--wait', '2026-01-01'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Write --wait behind the rest'),
    });
  });
});
