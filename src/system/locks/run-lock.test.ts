import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { decodeLockRecord, encodeLockRecord, type LockRecord } from './lock-record.ts';
import { IMPATIENT, type LockRequest, type LockWaiting } from './lock-request.ts';
import { acquireRunLock } from './run-lock.ts';

const scratch = scratchFolder();
let paths = 0;
const newPath = () => join(scratch, String(++paths));

/** A record of another machine; `beatSeconds` is short, so that it is watched for a short time. */
const foreign: LockRecord = {
  pid: 4711,
  host: 'elsewhere',
  boot: 'another boot',
  since: '2026-03-01T04:05:06.789Z',
  command: 'backup',
  beat: 0,
  beatSeconds: 0.2,
};

function requesting(more: Partial<LockRequest> = {}) {
  const waits: LockWaiting[] = [];
  const onWait = (waiting: LockWaiting) => void waits.push(waiting);
  return { waits, request: { ...IMPATIENT, command: 'restore', onWait, ...more } };
}

const acquire = (path: string, request: LockRequest = requesting().request) =>
  acquireRunLock(path, { target: 'it', request });

/** Writes records as a living holder on another machine does, through NFS. */
function beating(path: string) {
  const file = openSync(path, 'w');
  let beat = 0;
  const write = () => writeSync(file, encodeLockRecord({ ...foreign, beat: ++beat }), 0);
  write();
  const timer = setInterval(write, 50);
  return { stop: () => clearInterval(timer) };
}

describe('lock of a run', () => {
  it('says who holds it, and is empty when it was given back', async () => {
    const path = newPath();
    {
      await using _lock = await acquire(path);
      expect(decodeLockRecord(readFileSync(path, 'utf8'))).toMatchObject({
        pid: process.pid,
        host: hostname(),
        command: 'restore',
        beat: 0,
      });
      expect(await outcomeOf(() => acquire(path))).toMatchObject({
        code: 'locked',
        message: expect.stringMatching(
          new RegExp(
            `^Cannot use it: another run holds it \\(restore, pid ${process.pid} on ${hostname()}, since \\S+Z, \\d+ seconds? ago\\)$`,
          ),
        ),
      });
    }
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('writes its record again while it is held', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const path = newPath();
      await using _lock = await acquire(path);
      const beat = () => decodeLockRecord(readFileSync(path, 'utf8'))?.beat;
      vi.advanceTimersByTime(25_000);
      await vi.waitUntil(() => beat() === 2, { timeout: 30_000 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes over at once what a dead process of this machine left', async () => {
    const path = newPath();
    const { boot: _, ...own } = { ...foreign, host: hostname(), beatSeconds: 60 };
    writeFileSync(path, encodeLockRecord(own));
    const { waits, request } = requesting();
    await using _lock = await acquire(path, request);
    expect(waits).toEqual([]);
  });

  it('is not taken from a holder on another machine whose heart beats', async () => {
    const path = newPath();
    const holder = beating(path);
    try {
      const { waits, request } = requesting();
      expect(await outcomeOf(() => acquire(path, request))).toMatchObject({
        code: 'locked',
        message: expect.stringContaining('backup, pid 4711 on elsewhere, since 2026-03-01T'),
      });
      expect(waits.map(({ kind }) => kind)).toEqual(['watched']);
    } finally {
      holder.stop();
    }
    await using _lock = await acquire(path);
    expect(decodeLockRecord(readFileSync(path, 'utf8'))?.pid).toBe(process.pid);
  });

  it('is taken as soon as a holder on another machine has given it back', async () => {
    const path = newPath();
    writeFileSync(path, encodeLockRecord({ ...foreign, beatSeconds: 60 }));
    const { request } = requesting({ onWait: () => writeFileSync(path, '') });
    await using _lock = await acquire(path, request);
    expect(decodeLockRecord(readFileSync(path, 'utf8'))?.pid).toBe(process.pid);
  });

  it('waits until the holder has ended, says so once, and whom it waits for', async () => {
    const path = newPath();
    const holder = spawn('flock', ['-x', path, 'sh', '-c', 'echo held; read line']);
    await once(holder.stdout, 'data');
    const { waits, request } = requesting({ giveUpAt: Number.POSITIVE_INFINITY });
    const acquired = acquire(path, {
      ...request,
      onWait: (waiting) => {
        request.onWait(waiting);
        setTimeout(() => holder.stdin.end('\n'), 1200); // After some attempts.
      },
    });
    await using _lock = await acquired;
    expect(waits).toMatchObject([{ kind: 'held', path }]);
  });

  it('waits no longer than it was told to', async () => {
    const path = newPath();
    await using _lock = await acquire(path);
    const { waits, request } = requesting({ giveUpAt: performance.now() + 700 });
    expect(await outcomeOf(() => acquire(path, request))).toMatchObject({ code: 'locked' });
    expect(waits.length).toBe(1);
  });

  it('stops waiting, and watching, when it is told to', async () => {
    const path = newPath();
    const reason = new RangeError('stopped');
    const stopped = () => {
      const controller = new AbortController();
      return requesting({
        giveUpAt: Number.POSITIVE_INFINITY,
        signal: controller.signal,
        onWait: () => controller.abort(reason),
      }).request;
    };
    {
      await using _lock = await acquire(path);
      await expect(acquire(path, stopped())).rejects.toBe(reason);
    }
    writeFileSync(path, encodeLockRecord({ ...foreign, beatSeconds: 60 }));
    await expect(acquire(path, stopped())).rejects.toBe(reason);
    writeFileSync(path, '');
    await using _lock = await acquire(path); // The file lock was given back.
  });
});
