import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/support/outcome.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { describeStoreContract } from '../../test/support/store-contract.ts';
import { IMPATIENT } from '../system/locks/lock-request.ts';
import { LOCK_FILE } from './folder-lock.ts';
import { folderStore } from './folder-store.ts';

const scratch = scratchFolder();
let folders = 0;
const newPath = () => join(scratch, String(++folders));

describeStoreContract('folder', async () => {
  const path = newPath();
  mkdirSync(path);
  return folderStore(path);
});

describe('folder store', () => {
  it('removes what a killed run left, once it has the lock', async () => {
    const path = newPath();
    mkdirSync(path);
    writeFileSync(join(path, '.x.fsz.0123456789ab.zodbvault-tmp'), 'half');
    const store = folderStore(path);
    {
      await using _lock = await store.lock();
    }
    expect(readdirSync(path)).toEqual(['.zodbvault.lock']);
  });

  it('lists files only: no folders, no links to nothing', async () => {
    const path = newPath();
    mkdirSync(join(path, 'folder'), { recursive: true });
    writeFileSync(join(path, 'file'), 'abc');
    symlinkSync('nothing', join(path, 'link-to-nothing'));
    expect(await folderStore(path).list()).toEqual([{ name: 'file', sizeBytes: 3 }]);
  });

  it('lists neither its lock nor files in the making', async () => {
    const path = newPath();
    mkdirSync(path);
    const store = folderStore(path);
    await using _lock = await store.lock();
    await using _file = await store.stage('a', [Buffer.from('x')]);
    expect(readdirSync(path).length).toBe(2);
    expect(await store.list()).toEqual([]);
  });

  it('gives its files the rights of the newest data file, or else of the folder', async () => {
    const path = newPath();
    mkdirSync(path, { mode: 0o750 });
    const rightsOfNext = async (name: string) => {
      await using file = await folderStore(path).stage(name, [Buffer.from('x')]);
      await file.publish();
      return statSync(join(path, name)).mode & 0o777;
    };
    expect(await rightsOfNext('Data.fs')).toBe(0o640);
    chmodSync(join(path, 'Data.fs'), 0o666); // No backup.
    expect(await rightsOfNext('2024-01-02-03-04-05.fsz')).toBe(0o640);
    chmodSync(join(path, '2024-01-02-03-04-05.fsz'), 0o604);
    expect(await rightsOfNext('2024-01-02-03-04-06.deltafsz')).toBe(0o604);
  });

  it('keeps what a run under way has staged: it does not get the lock', async () => {
    const path = newPath();
    mkdirSync(path);
    await using _lock = await folderStore(path).lock();
    await using file = await folderStore(path).stage('a', [Buffer.from('x')]);
    expect(await outcomeOf(() => folderStore(path).lock())).toMatchObject({ code: 'locked' });
    await file.publish();
    expect(readdirSync(path).sort()).toEqual(['.zodbvault.lock', 'a']);
  });

  it('is locked while another process has its lock file, and free when that was killed', async () => {
    const path = newPath();
    mkdirSync(path);
    const lockFile = join(path, LOCK_FILE);
    writeFileSync(lockFile, 'somebody else\n');
    const script = 'echo held; exec sleep 600';
    const holder = spawn('flock', ['-F', '-x', lockFile, 'sh', '-c', script]);
    try {
      await once(holder.stdout, 'data');
      expect(await outcomeOf(() => folderStore(path).lock())).toMatchObject({
        code: 'locked',
        message: expect.stringMatching(/another run holds it \(somebody else\)$/),
      });
    } finally {
      const ended = once(holder, 'close');
      holder.kill('SIGKILL');
      await ended;
    }
    await using _lock = await folderStore(path).lock();
  });

  it('is held by whoever reads from it, unless no run ever was there', async () => {
    const path = newPath();
    mkdirSync(path);
    expect(await folderStore(path).hold(IMPATIENT)).toBeUndefined();
    expect(readdirSync(path)).toEqual([]);
    await (await folderStore(path).lock())[Symbol.asyncDispose]();
    await using held = await folderStore(path).hold(IMPATIENT);
    expect(held).toBeDefined();
    expect(await outcomeOf(() => folderStore(path).lock())).toMatchObject({ code: 'locked' });
    expect(await outcomeOf(() => folderStore(path).hold(IMPATIENT))).toMatchObject({
      code: 'locked',
    });
    expect(await folderStore(newPath()).hold(IMPATIENT)).toBeUndefined();
  });

  it('is a failure where there is no folder, or a file', async () => {
    const file = newPath();
    writeFileSync(file, '');
    expect(await outcomeOf(() => folderStore(newPath()).requireThere())).toMatchObject({
      code: 'not-found',
    });
    expect(await outcomeOf(() => folderStore(file).requireThere())).toMatchObject({
      code: 'system',
    });
    expect(await outcomeOf(() => folderStore(newPath()).list())).toMatchObject({
      code: 'not-found',
    });
  });

  it('is free again when taking its lock has failed half-way, and leaves folders alone', async () => {
    const path = newPath();
    mkdirSync(join(path, '.x.0123456789ab.zodbvault-tmp'), { recursive: true });
    for (let round = 0; round < 2; round++) {
      await using _lock = await folderStore(path).lock();
    }
    expect(readdirSync(path)).toContain('.x.0123456789ab.zodbvault-tmp');
  });
});
