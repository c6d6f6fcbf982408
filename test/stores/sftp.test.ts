import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/system/failure.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from '../support/chunks.ts';
import { cuttingProxy } from '../support/cutting-proxy.ts';
import { describeObjectStoreContract } from '../support/object-store-contract.ts';
import { outcomeOf } from '../support/outcome.ts';
import { scratchFolder } from '../support/scratch.ts';
import { filesIn, listed, newFolderOn, openOn } from '../support/sftp-store.ts';
import { sha256Of } from '../support/sha256.ts';
import { hasSshServer, SshServer } from '../support/ssh-server.ts';

const scratch = scratchFolder();
let server: SshServer;

if (hasSshServer) {
  beforeAll(async () => {
    server = await SshServer.start(join(scratch, 'server'));
  });
  afterAll(() => server.end());
}

describe.skipIf(!hasSshServer)('on a server with OpenSSH (needs sshd, and root)', () => {
  describeObjectStoreContract('SFTP', () => openOn(server));

  it('gives objects and folders the rights of its own folder', async () => {
    for (const [mode, files, within] of [
      [0o700, 0o600, 0o700],
      [0o750, 0o640, 0o750],
      [0o770, 0o640, 0o770],
    ] as const) {
      const folder = newFolderOn(server);
      chmodSync(folder, mode);
      await using store = await openOn(server, folder);
      await store.put('a/b', Buffer.from('x'));
      expect(statSync(join(folder, 'a/b')).mode & 0o777).toBe(files);
      expect(statSync(join(folder, 'a')).mode & 0o777).toBe(within);
    }
  });

  it('is never made: a folder that is not there is a failure for who reads and who writes', async () => {
    await using store = await openOn(server, join(server.root, 'not-there'));
    for (const work of [
      () => store.put('a', Buffer.from('x')),
      () => store.upload('a', streamOf(Buffer.from('x'))),
      () => listed(store),
      () => store.now(),
    ]) {
      expect(await outcomeOf<unknown>(work)).toMatchObject({ code: 'not-found' });
    }
    expect(readdirSync(server.root)).not.toContain('not-there');
  });

  it('follows links, and leaves out what is no file', async () => {
    const folder = newFolderOn(server);
    const other = newFolderOn(server);
    writeFileSync(join(other, 'c'), 'linked');
    execFileSync('ln', ['-s', other, join(folder, 'b')]);
    execFileSync('ln', ['-s', '/nowhere', join(folder, 'd')]);
    execFileSync('mkfifo', [join(folder, 'e')]);
    await using store = await openOn(server, folder);
    expect((await listed(store)).map(({ key }) => key)).toEqual(['b/c']);
    expect((await collect(store.read('b/c'))).toString()).toBe('linked');
    expect(await store.look('e')).toBeUndefined();
  });

  it('goes on with an upload that was interrupted, and sends only what is missing', async () => {
    const folder = newFolderOn(server);
    await using proxy = await cuttingProxy(server.port);
    server.trust(['ed25519'], proxy.port);
    const content = randomBytes(8_000_000);
    const sha256 = sha256Of(content);
    const stop = new AbortController();
    const stopping = async function* () {
      yield* streamOf(content.subarray(0, 6_000_000), 500_000);
      stop.abort(new Failure('interrupted', 'Stopped', { hint: 'Nothing.' }));
      yield content.subarray(6_000_000);
    };
    {
      await using store = await openOn(server, folder, proxy.port);
      const upload = store.upload('a/b', stopping(), { sha256, signal: stop.signal });
      expect(await outcomeOf(() => upload)).toMatchObject({ code: 'interrupted' });
      expect(await listed(store)).toEqual([]);
    }
    const sent = proxy.bytesToServer;
    await using store = await openOn(server, folder, proxy.port);
    let told = 0;
    await store.upload('a/b', streamOf(content, 500_000), {
      sha256,
      onBytes: (count) => {
        told += count;
      },
    });
    expect(proxy.bytesToServer - sent).toBeLessThan(4_000_000);
    expect(told).toBe(content.length);
    expect(sha256Of(readFileSync(join(folder, 'a/b')))).toBe(sha256);
    expect(filesIn(folder)).toEqual(['b']);
    server.trust(['ed25519']);
  });

  it('notices that what is left of an upload is damaged, and keeps nothing of it', async () => {
    const folder = newFolderOn(server);
    const content = randomBytes(2_000_000);
    const sha256 = sha256Of(content);
    writeFileSync(join(folder, `.a.${sha256.slice(0, 12)}.zodbvault-tmp`), Buffer.alloc(1_500_000));
    await using store = await openOn(server, folder);
    const upload = () => store.upload('a', streamOf(content), { sha256 });
    expect(await outcomeOf(upload)).toMatchObject({ code: 'system' });
    expect(filesIn(folder)).toEqual([]);
    await upload();
    expect(sha256Of(readFileSync(join(folder, 'a')))).toBe(sha256);
  });

  it('removes what killed runs left, when it is old, and nothing else', async () => {
    const folder = newFolderOn(server);
    mkdirSync(join(folder, 'a'));
    const old = join(folder, 'a/.b.0123456789ab.zodbvault-tmp');
    const young = join(folder, 'a/.c.0123456789ab.zodbvault-tmp');
    for (const path of [
      old,
      young,
      join(folder, 'a/d'),
      join(folder, '.e.0123456789ab.zodbvault-tmp'),
    ])
      writeFileSync(path, 'x');
    utimesSync(old, 1000, 1000);
    utimesSync(join(folder, 'a/d'), 1000, 1000);
    await using store = await openOn(server, folder);
    await store.removeUnfinished('a/', (await store.now()) - 60_000);
    expect(filesIn(folder)).toEqual([
      '.c.0123456789ab.zodbvault-tmp',
      '.e.0123456789ab.zodbvault-tmp',
      'd',
    ]);
  });
});

describe.skipIf(!hasSshServer)('a server that lacks something (needs sshd, and root)', () => {
  it('is refused where it can not replace a file in one step', async () => {
    await using on = await SshServer.start(join(scratch, 'no-rename'), {
      without: ['posix-rename'],
    });
    const outcome = await outcomeOf(() => openOn(on));
    expect(outcome).toMatchObject({ code: 'refused', message: expect.stringContaining('replace') });
  });

  it('keeps no condition where a file can not get a second name', async () => {
    await using on = await SshServer.start(join(scratch, 'no-link'), { without: ['hardlink'] });
    await using store = await openOn(on);
    expect(store.conditions).toBe('none');
    await store.put('a', Buffer.from('x'));
    expect((await collect(store.read('a'))).toString()).toBe('x');
  });

  it('is known to leave the writing to chance where it has no fsync', async () => {
    await using on = await SshServer.start(join(scratch, 'no-fsync'), { without: ['fsync'] });
    await using store = await openOn(on);
    expect(store.isUnsynced).toBe(true);
    await store.put('a/b', Buffer.from('x'));
    expect((await collect(store.read('a/b'))).toString()).toBe('x');
  });
});

describe.skipIf(!hasSshServer)('a full disk on the server (needs sshd, and root)', () => {
  const disk = join(scratch, 'disk');
  beforeAll(() => {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', disk]);
  });
  afterAll(() => execFileSync('umount', [disk]));

  it('is named, and leaves nothing behind', async () => {
    await using store = await openOn(server, disk);
    await store.put('old', Buffer.from('old'));
    const upload = () => store.upload('a/new', streamOf(randomBytes(6_000_000), 100_000));
    expect(await outcomeOf(upload)).toMatchObject({
      code: 'system',
      message: expect.stringContaining('no space left'),
    });
    expect(filesIn(disk)).toEqual(['old']);
    expect((await collect(store.read('old'))).toString()).toBe('old');
  });
});
