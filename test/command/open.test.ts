import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlainData } from '../../src/filestorage/pickle/plain/plain-data.ts';
import { growDatabase, makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { forgeFingerprints } from '../support/forge-fingerprints.ts';
import { openSite } from '../support/opened-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';
import { connectTo, pickled, registeredAt } from '../support/zeo-client.ts';

const scratch = scratchFolder();
const NEWEST = Buffer.alloc(8, 0xff);
const ROOT = Buffer.alloc(8);

describe('open', () => {
  it('serves the newest backup on loopback until it is stopped, and writes nothing', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const before = entriesOf(site.folder);
    const opened = await openSite(site.folder);
    expect(opened.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(opened.storages).toEqual([
      expect.stringMatching(/^Storage 1: Data at .* \(UTC\), [0-9a-f]{16},/),
    ]);
    const client = await registeredAt(opened.address);
    client.call(1, 'loadBefore', ROOT, NEWEST);
    expect(await client.reply()).toEqual([
      1,
      0,
      '.reply',
      [expect.anything(), expect.anything(), null],
    ]);
    const { status, log } = await opened.stop('SIGINT');
    expect({ status, next: await client.next() }).toEqual({ status: 0, next: undefined });
    expect(log).toContain('read-only true');
    expect(entriesOf(site.folder)).toEqual(before);
  });

  it('lets backups go on, and does not show what came after its start', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const [backup, live] = await Promise.all([
      openSite(site.folder),
      openSite(site.folder, { words: ['--live'] }),
    ]);
    const both = await Promise.all([registeredAt(backup.address), registeredAt(live.address)]);
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--full');
    for (const client of both) {
      client.call(1, 'lastTransaction');
      const [, , , tid] = await client.reply();
      expect(Buffer.from(tid as Uint8Array).toString('hex')).toBe(tidIn(backup.storages));
    }
    expect((await live.stop()).log).toContain('frees no space');
    expect((await backup.stop('SIGTERM')).status).toBe(0);
  });

  it('says where it listens with --json, too, as soon as it does', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const opened = await openSite(site.folder, { words: ['--json'] });
    const document = documentOf({
      status: 0,
      stdout: [opened.address, ...opened.storages].join('\n'),
    });
    expect(document).toMatchObject({ status: 0, storages: [{ storage: 'Data', name: '1' }] });
    await registeredAt(document.address);
    expect((await opened.stop()).status).toBe(0);
  });

  it('with --check says whether all that it reads is what a verification found, or opens nothing', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const words = ['--check'];
    const unknown = await openSite(site.folder, { words });
    expect(unknown.storages).toEqual([
      expect.stringContaining('never verified with --deep before'),
    ]);
    expect((await unknown.stop()).status).toBe(0);
    await site.runWell('verify', '--deep');
    const before = entriesOf(site.folder);
    const same = await openSite(site.folder, { words });
    expect(same.storages).toEqual([expect.stringContaining('the same as when it was verified')]);
    const { address, storages } = await openSite(site.folder, { words: [...words, '--json'] });
    const stdout = [address, ...storages].join('\n');
    const check = { fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/), isVerified: true };
    expect(documentOf({ status: 0, stdout })).toMatchObject({ storages: [{ check }] });
    expect(entriesOf(site.folder)).toEqual(before);
    forgeFingerprints(site.repository);
    const other = await site.run(['open', ...words]);
    expect(other).toMatchObject({ status: 1, stdout: '' });
    expect(other.stderr).toContain('and a verification found');
    expect((await site.run(['open', '--check', '--live'])).status).toBe(2);
  });

  it('listens at a socket that is its user’s alone, and takes it away', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const socket = join(site.folder, 'zeo.sock');
    const killed = await openSite(site.folder, { words: ['--listen', './zeo.sock'] });
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    await killed.stop('SIGKILL');
    expect(existsSync(socket)).toBe(true);
    const opened = await openSite(site.folder, { words: ['--listen', './zeo.sock'] });
    await registeredAt(socket);
    const second = await site.run(['open', '--listen', './zeo.sock']);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toContain('another program listens there');
    await opened.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('leaves a file alone that is no socket, and refuses a path that is too long', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    writeFileSync(join(site.folder, 'file'), 'kept');
    for (const [path, status] of [
      ['./file', 1],
      [`./${'x'.repeat(110)}`, 2],
    ] as const) {
      expect((await site.run(['open', '--listen', path])).status).toBe(status);
    }
    expect(statSync(join(site.folder, 'file')).size).toBe(4);
  });

  it('refuses an address that is none, a port that is taken, and a date for the live Data.fs', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const taken = await site.run(['open', '--listen', `127.0.0.1:${port}`]);
    server.close();
    expect(taken).toMatchObject({ status: 1, stdout: '' });
    for (const words of [
      ['--listen', '127.0.0.1'],
      ['--listen', 'x:99999'],
      ['--live', 'yesterday'],
    ])
      expect((await site.run(['open', ...words])).status).toBe(2);
  });

  it('warns where others can read', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const opened = await openSite(site.folder, { words: ['--listen', '0.0.0.0:0'] });
    const { status, log } = await opened.stop();
    expect(log).toContain('the protocol of ZEO has no login');
    expect(status).toBe(0);
  });

  it('serves each storage under its name at a ZEO server', async () => {
    const site = await newSite(scratch);
    await makeSite(join(site.folder, 'var/filestorage/shop.fs'), 5);
    writeFileSync(
      join(site.folder, 'zodbvault.toml'),
      '[[additional_filestorages]]\nname = "shop"\n',
    );
    await site.runWell('backup');
    const opened = await openSite(site.folder, { storages: 2 });
    expect(opened.storages.map((line) => line.split(' at ')[0])).toEqual([
      'Storage shop: shop',
      'Storage 1: Data',
    ]);
    await registeredAt(opened.address, 'shop');
    const client = await connectTo(opened.address);
    client.send('Z5');
    await client.next();
    client.call(1, 'register', 'Data', true);
    expect(await client.reply()).toEqual([
      ...[1, 2, '.reply'],
      ['builtins.ValueError', ['unknown storage: Data']],
    ]);
    expect((await opened.stop()).log).toContain('asks for storage "Data"');
    const one = await openSite(site.folder, { words: ['--storage', 'shop'] });
    expect(one.storages).toEqual([expect.stringContaining('Storage shop')]);
  });

  it('answers the health probe with statistics', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const opened = await openSite(site.folder);
    const client = await connectTo(opened.address);
    client.send('ruok');
    expect((await client.next())?.toString()).toBe('Z5');
    const status = JSON.parse((await client.next())?.toString() ?? '');
    expect(status).toEqual({ 1: expect.objectContaining({ loads: 0, connections: 0 }) });
    expect(status[1]['last-transaction']).toBe(tidIn(opened.storages));
    expect(await client.next()).toBeUndefined();
  });
});

describe('copy of an instance', () => {
  it('is made for the zope.conf that is there, and is gone at the end', async () => {
    const site = await siteWithInstance();
    const words = ['--site', '--zope-conf', 'instance/etc/zope.conf'];
    const opened = await openSite(site.folder, { words, storages: 2 });
    const [, ini = ''] = / (\S+wsgi\.ini)$/.exec(opened.storages[1] ?? '') ?? [];
    const home = join(ini, '../..');
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(home, 'etc/zope.conf'), 'utf8')).toContain(`server ${opened.address}`);
    expect((await opened.stop()).status).toBe(0);
    expect(existsSync(home)).toBe(false);
  });

  it('is refused where it would lie among other things, or there is nothing to copy', async () => {
    const site = await siteWithInstance();
    const kept = ['--site', '--keep-changes', 'instance', '--zope-conf', 'instance/etc/zope.conf'];
    const none = ['--run', '--zope-conf', 'nowhere/zope.conf'];
    for (const [words, status] of [
      [kept, 1],
      [none, 1],
      [['--read-only'], 2],
    ] as const)
      expect(await site.run(['open', ...words])).toMatchObject({ status, stdout: '' });
    expect(readdirSync(join(site.folder, 'instance'))).toEqual(['etc']);
  });

  it('that does not start is an error with what it said, and is gone', async () => {
    const site = await siteWithInstance();
    mkdirSync(join(site.folder, 'instance/bin'));
    const program = join(site.folder, 'instance/bin/runwsgi');
    writeFileSync(program, '#!/bin/sh\necho "no module named Plone" >&2\nexit 7\n', {
      mode: 0o700,
    });
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('zodbvault-site-'));
    const ended = await site.run(['open', '--run', '--zope-conf', 'instance/etc/zope.conf']);
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toContain('Zope ended with status 7: no module named Plone');
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('zodbvault-site-'));
    expect(after).toEqual(before);
  });
});

describe('client of an open site', () => {
  it('that wants to write is told that it is read-only, and may register again', async () => {
    const opened = await openNewSite();
    const client = await connectTo(opened.address);
    client.send('Z5');
    await client.next();
    client.call(1, 'register', '1', false);
    expect(await client.reply()).toEqual([1, 2, '.reply', [READ_ONLY, []]]);
    client.call(2, 'register', '1', true);
    expect(await client.reply()).toEqual([2, 0, '.reply', expect.anything()]);
    client.call(3, 'tpc_begin', 1, Buffer.from(''), Buffer.from(''), new Map(), null, ' ');
    expect(await client.reply()).toEqual([3, 2, '.reply', [READ_ONLY, []]]);
    expect((await opened.stop()).log).toContain('wants to write');
  });

  it.each<[string, readonly (Uint8Array | string)[]]>([
    ['speaks another protocol', ['M5']],
    ['sends no pickle', ['Z5', 'x']],
    ['names a class', ['Z5', Buffer.from('cos\nsystem\n.')]],
    ['sends what is no call', ['Z5', pickled([1, 2])]],
    ['gives its call an id that grows', ['Z5', pickled([[[1], [1]], false, 'ping', []])]],
    ['calls before it has registered', ['Z5', call('get_info')]],
    ['calls a method that there is not', ['Z5', call('register', '1', true), call('os.system')]],
    ['calls a method of JavaScript', ['Z5', call('register', '1', true), call('constructor')]],
    [
      'sends object ids as text',
      ['Z5', call('register', '1', true), call('getTid', '\0'.repeat(8))],
    ],
    [
      'writes and waits for no answer',
      ['Z5', call('register', '1', true), pickled([0, true, 'storea', []])],
    ],
  ])('that %s is cut off, and others are not', async (_, messages) => {
    const opened = await openNewSite();
    const good = await registeredAt(opened.address);
    const bad = await connectTo(opened.address);
    for (const message of messages) bad.send(message);
    while ((await bad.next()) !== undefined);
    good.call(7, 'ping');
    expect(await good.reply()).toEqual([7, 0, '.reply', null]);
    expect((await opened.stop()).log).toContain('Closed the connection of client');
  });

  it('that sends a message of more than 64 MiB is cut off at its length', async () => {
    const opened = await openNewSite();
    const client = await registeredAt(opened.address);
    client.sendBytes(Buffer.from([0x04, 0x00, 0x00, 0x01]));
    expect(await client.next()).toBeUndefined();
  });

  it('that sends arguments of other types gets errors, and is served on', async () => {
    const opened = await openNewSite();
    const client = await registeredAt(opened.address);
    const calls: readonly [method: string, ...args: PlainData[]][] = [
      ['loadBefore'],
      ['loadBefore', Buffer.alloc(7), NEWEST],
      ['history', ROOT, 'x'],
      ['iterator_next', 5],
      ['iterator_record_start', 0, ROOT],
      ['undoInfo', null, null],
      ['register', '1', true],
      ['sendBlob', ROOT, ROOT],
      ['record_iternext', NEWEST],
    ];
    for (const [id, [method, ...args]] of calls.entries()) {
      client.call(id, method, ...args);
      const [answered, flag] = await client.reply();
      expect([method, answered, flag]).toEqual([method, id, 2]);
    }
    client.call(99, 'getInvalidations', ROOT);
    expect(await client.reply()).toEqual([99, 0, '.reply', null]);
  });

  it('that never reads is waited for, and takes no room for more', async () => {
    const opened = await openNewSite();
    const slow = await registeredAt(opened.address);
    slow.socket.pause();
    const asks = Buffer.concat(
      Array.from({ length: 400_000 }, () => framed(pickled([1, false, 'undoLog', [0, 100]]))),
    );
    slow.sendBytes(asks);
    const good = await registeredAt(opened.address);
    for (let id = 0; id < 300; id++) {
      good.call(id, 'ping');
      expect(await good.reply()).toEqual([id, 0, '.reply', null]);
    }
    // The kernel has the rest: what is not read here can't be taken there.
    expect(slow.socket.writableLength).toBeGreaterThan(0);
    expect((await opened.stop()).status).toBe(0);
  });
});

const READ_ONLY = 'ZODB.POSException.ReadOnlyError';

async function siteWithInstance() {
  const site = await newSite(scratch);
  await site.runWell('backup');
  mkdirSync(join(site.folder, 'instance/etc'), { recursive: true });
  const conf = `<zodb_db main>\n  mount-point /\n  <filestorage>\n    path ${site.dataFs}\n  </filestorage>\n</zodb_db>\n`;
  writeFileSync(join(site.folder, 'instance/etc/zope.conf'), conf);
  return site;
}

async function openNewSite() {
  const site = await newSite(scratch);
  await site.runWell('backup', '--no-blobs');
  return openSite(site.folder);
}

function call(method: string, ...args: readonly PlainData[]): Buffer {
  return pickled([1, false, method, args]);
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function tidIn(storages: readonly string[]): string {
  return /, ([0-9a-f]{16}),/.exec(storages.join())?.[1] ?? '';
}

/** Every path with the time of its last change. */
function entriesOf(folder: string): readonly (readonly [string, number])[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]);
}
