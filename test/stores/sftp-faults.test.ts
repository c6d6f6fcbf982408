import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from '../support/chunks.ts';
import { cuttingProxy } from '../support/cutting-proxy.ts';
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

describe.skipIf(!hasSshServer)('a connection that breaks (needs sshd, and root)', () => {
  /** Bytes of the packets before the user is let in, with room to spare. */
  const LOGIN_BYTES = 12_000;

  it('at any byte costs time, and nothing else', async () => {
    await using proxy = await cuttingProxy(server.port);
    server.trust(['ed25519'], proxy.port);
    const content = randomBytes(300_000);
    for (let bytes = 500; bytes < LOGIN_BYTES + 400_000; bytes = Math.ceil(bytes * 1.3)) {
      const folder = newFolderOn(server);
      await using store = await openOn(server, folder, proxy.port);
      proxy.cutAfter(bytes);
      proxy.cut();
      // Soon after, they hold again: some byte of the login would always be the last one.
      const heal = setTimeout(() => proxy.cutAfter(undefined), 300);
      await store.upload('a/b', streamOf(content, 70_000));
      expect(await store.put('a/c', content, { kind: 'absent' })).toMatchObject({ kind: 'put' });
      expect(await store.put('a/c', Buffer.from('x'), { kind: 'absent' })).toMatchObject({
        kind: 'refused',
      });
      await store.put('a/d', Buffer.from('old'));
      await store.put('a/d', Buffer.from('new'));
      for (const key of ['a/b', 'a/c'])
        expect(sha256Of(await collect(store.read(key)))).toBe(sha256Of(content));
      expect((await listed(store, 'a/')).map(({ key }) => key)).toEqual(['a/b', 'a/c', 'a/d']);
      await store.remove(['a/b', 'a/c']);
      clearTimeout(heal);
      proxy.cutAfter(undefined);
      expect(filesIn(folder)).toEqual(['d']);
    }
    server.trust(['ed25519']);
  });

  it('again and again in one upload and one download: every byte arrives', async () => {
    await using proxy = await cuttingProxy(server.port);
    server.trust(['ed25519'], proxy.port);
    const folder = newFolderOn(server);
    await using store = await openOn(server, folder, proxy.port);
    const content = randomBytes(20_000_000);
    proxy.cutAfter(3_000_000);
    proxy.cut();
    try {
      await store.upload('a', streamOf(content, 100_000));
      expect(sha256Of(await collect(store.read('a')))).toBe(sha256Of(content));
    } finally {
      server.trust(['ed25519']);
    }
    expect(proxy.connections).toBeGreaterThan(10);
    expect(filesIn(folder)).toEqual(['a']);
  });

  it('since the server is killed, and started again, in the middle of an upload', async () => {
    await using other = await SshServer.start(join(scratch, 'restarted'));
    const folder = newFolderOn(other);
    await using store = await openOn(other, folder);
    const content = randomBytes(10_000_000);
    const killing = async function* () {
      yield content.subarray(0, 5_000_000);
      await other.end();
      setTimeout(() => void other.begin(), 500);
      yield content.subarray(5_000_000);
    };
    await store.upload('a', killing());
    expect(sha256Of(readFileSync(join(folder, 'a')))).toBe(sha256Of(content));
    expect(filesIn(folder)).toEqual(['a']);
  });
});
