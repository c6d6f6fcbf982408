import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeIndex } from '../../src/filestorage/index/index-decoder.ts';
import { type Oid, ROOT_OID } from '../../src/filestorage/oid.ts';
import { formatTid, formatTidTime, nextTid, type Tid } from '../../src/filestorage/tid.ts';
import { blobFiles } from '../support/blobs.ts';
import { COMMAND } from '../support/command.ts';
import { makeSite, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { forgeFingerprints } from '../support/forge-fingerprints.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';
import { obstacle } from '../torture/tracing.ts';

const scratch = scratchFolder();

/** What a Data.fs and its blobs were right after a transaction, written down when it was made. */
interface Written {
  readonly tid: Tid;
  readonly bytes: Buffer;
  readonly blobs: readonly string[];
}

/** A site that writes down what it was after each transaction. */
class WrittenSite {
  readonly site: TestSite;
  readonly written: Written[] = [];
  #blob: Oid | undefined;

  constructor(site: TestSite) {
    this.site = site;
  }

  get blobs(): string {
    return join(this.site.folder, 'var/blobstorage');
  }

  /** The blob is changed, or made; or that is undone. */
  async commit(what: 'blob' | 'state' | 'undo', description: string = what): Promise<Tid> {
    await using writer = await openDatabase(this.site.dataFs);
    const last = this.written.at(-1)?.tid;
    let tid: Tid;
    if (what === 'undo' && last !== undefined) tid = await writer.undo(last);
    else if (what === 'blob') {
      this.#blob ??= writer.newOid();
      const content = Buffer.from(`${this.written.length}`);
      tid = await writer.commit({
        user: ' jane',
        description,
        changes: [{ kind: 'blob', oid: this.#blob, content }],
      });
    } else {
      const data = new Map([['count', `${this.written.length}`]]);
      const changes = [{ kind: 'state', oid: ROOT_OID, state: { kind: 'mapping', data } }] as const;
      tid = await writer.commit({ user: ' jim', description, changes });
    }
    const bytes = readFileSync(this.site.dataFs);
    this.written.push({ tid, bytes, blobs: blobFiles(this.blobs) });
    return tid;
  }

  /** Restores beside the site, and returns what came out, and the output. */
  async restored(...words: readonly string[]) {
    const folder = join(this.site.folder, 'restored');
    rmSync(folder, { recursive: true, force: true });
    const { status, stderr } = await this.site.run(['restore', '-n', '--to', folder, ...words]);
    const dataFs = join(folder, 'filestorage/Data.fs');
    const isThere = existsSync(dataFs);
    const index = isThere ? await decodeIndex([readFileSync(`${dataFs}.index`)]) : undefined;
    return {
      status,
      stderr,
      bytes: isThere ? readFileSync(dataFs) : undefined,
      blobs: blobFiles(join(folder, 'blobstorage')),
      end: index?.position,
    };
  }
}

/** The state that came out is the one that was written down. */
function expectWritten(
  { status, stderr, bytes, blobs, end }: Awaited<ReturnType<WrittenSite['restored']>>,
  written: Written | undefined,
): void {
  expect([status, stderr]).toEqual([0, expect.stringContaining('every checksum right')]);
  expect(bytes?.equals(written?.bytes ?? Buffer.of())).toBe(true);
  expect(end).toBe(written?.bytes.length);
  expect(blobs).toEqual(written?.blobs);
}

describe('a moment between two backups', () => {
  let made: WrittenSite;

  beforeAll(async () => {
    made = new WrittenSite(await newSite(scratch, 4));
    await made.commit('blob');
    await made.site.runWell('backup');
    await made.commit('state', 'first');
    await wait(1100);
    await made.commit('blob', 'second');
    await made.commit('undo');
    await made.commit('blob', 'fourth');
    await made.commit('state', 'fifth');
    // A backup of the second in which these were made would have their date as its name.
    await wait(1100);
    await made.site.runWell('backup');
    await made.commit('blob');
    await made.site.runWell('backup', '--full');
  });

  it('is restored with its index and its blobs, after a transaction and before it', async () => {
    for (const [index, written] of made.written.entries()) {
      expectWritten(await made.restored(formatTid(written.tid)), written);
      const before = made.written[index - 1];
      if (before === undefined) continue;
      expectWritten(await made.restored(`before ${formatTid(written.tid)}`), before);
    }
  });

  it('is what there was at a date', async () => {
    const [, first, second] = made.written;
    const last = new Date(formatTidTime(second?.tid ?? nextTid(0n as Tid))).getTime();
    // A second before, as times on the command line have no fractions.
    const date = new Date(last - 1).toISOString().slice(0, 19);
    const isSecond = Date.parse(`${date}Z`) < Date.parse(formatTidTime(first?.tid ?? (0n as Tid)));
    expect(isSecond).toBe(false);
    expectWritten(await made.restored(`${date}Z`), first);
  });

  it('is shown, verified, compared, and tried out by the same words', async () => {
    const [, first, second] = made.written;
    const [from, to] = [
      formatTid(first?.tid ?? (0n as Tid)),
      formatTid(second?.tid ?? (0n as Tid)),
    ];
    const shown = documentOf(await made.site.runWell('show', to, '--json'));
    const moment = { tid: to, user: ' jane', description: 'second' };
    expect(shown.points).toMatchObject([{ moment, dataFsBytes: second?.bytes.length }]);
    const logged = documentOf(await made.site.runWell('log', `before ${to}`, '--json'));
    expect(logged.transactions[0]).toMatchObject({ tid: from });
    const { differences } = documentOf(await made.site.runWell('diff', from, to, '--json'));
    expect(differences).toMatchObject([{ way: 'continued', transactions: 1, to: { moment } }]);
    const verified = documentOf(await made.site.runWell('verify', '--deep', to, '--json'));
    expect(verified).toMatchObject({ problems: 0, points: [{ moment }] });
    const tried = await made.site.runWell('test-restore', to, '--in', made.site.folder);
    expect(tried.stderr).toMatch(new RegExp(`A restore of Data as of ${to} of .* 0 problems`));
    // What was found of a part says nothing of the whole backup.
    const { points } = documentOf(await made.site.runWell('list', '--json'));
    expect(points.flatMap((one: { checks: unknown[] }) => one.checks)).toEqual([]);
  });

  it('replaces a file beside the site, and says so, where a backup would only be appended', async () => {
    const { site, written } = made;
    const [first = '', last = ''] = site.dataFiles().map((name) => name.slice(0, 19));
    const file = join(site.folder, 'stand-by.fs');
    const to = ['restore', '-n', '--to', file];
    await site.runWell(...to, first);
    const appended = await site.runWell(...to, last);
    expect(appended.stderr).not.toContain('appends nothing');
    const at = written[1];
    const replaced = await site.runWell(...to, formatTid(at?.tid ?? (0n as Tid)));
    expect(replaced.stderr).toContain('appends nothing to it: only whole restore points');
    expect(readFileSync(file).equals(at?.bytes ?? Buffer.of())).toBe(true);
    const again = await site.runWell(...to, last);
    expect(again.stderr).toContain('appends nothing to it: what is there is no earlier');
  });

  it('is held against what a verification has found there', async () => {
    const tid = formatTid(made.written[3]?.tid ?? (0n as Tid));
    await made.site.runWell('verify', '--deep', tid);
    expectWritten(await made.restored(tid), made.written[3]);
    forgeFingerprints(made.site.repository);
    const { status, stderr, bytes } = await made.restored(tid);
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('a verification found');
  });

  it('is refused where all transactions are later, and nothing is made', async () => {
    const { status, stderr, bytes } = await made.restored('0000000000000001');
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('all transactions that are backed up are later');
    expect(stderr).toContain(made.site.dataFiles()[0]?.slice(0, 19));
  });

  it('is none for repozo and for the scripts: they know backups', async () => {
    const tid = formatTid(made.written[2]?.tid ?? (0n as Tid));
    const out = join(made.site.folder, 'repozo.fs');
    const words = ['repozo', '-R', '-r', made.site.repository, '-o', out, '-D', tid];
    expect((await made.site.run(words)).status).not.toBe(0);
    expect(existsSync(out)).toBe(false);
  });
});

describe('a restore of the live site to a moment', () => {
  it('is undone, and the next backup knows why transactions are gone', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    await site.runWell('backup');
    await made.commit('blob');
    await made.commit('blob');
    const lost = await made.commit('state');
    await site.runWell('backup');
    const { bytes, blobs } = made.written.at(-1) ?? { bytes: Buffer.of(), blobs: [] };
    await site.runWell('restore', '-n', `before ${formatTid(lost)}`);
    const before = made.written.at(-2);
    expect(readFileSync(site.dataFs).equals(before?.bytes ?? Buffer.of())).toBe(true);
    expect(blobFiles(made.blobs)).toEqual(before?.blobs);
    // No loss: a backup with a warning would end with 3.
    const { stderr } = await site.runWell('backup');
    expect(stderr).toContain('it was restored at ');
    await site.runWell('restore', '--undo', '-n');
    expect(readFileSync(site.dataFs).equals(bytes)).toBe(true);
    expect(blobFiles(made.blobs)).toEqual(blobs);
  });

  it('takes what the copy lacks from other copies, then from the live directory', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    const first = await made.commit('blob');
    await site.runWell('backup');
    const second = await made.commit('blob');
    const third = await made.commit('blob');
    await site.runWell('backup');
    const copies = join(site.folder, 'var/blobstoragebackups');
    const copy = join(
      copies,
      `blobstorage.${site.dataFiles().at(-1)?.slice(0, 19)}`,
      'blobstorage',
    );
    const pathOf = (tid: Tid) =>
      blobFiles(copy).find((path) => path.includes(formatTid(tid))) ?? 'none';
    // The record and the sums tell what is gone: as another program may have made the copy, they go, too.
    rmSync(join(copy, '..', '.zodbvault.json'));
    rmSync(join(copy, '..', '.zodbvault.sums'));
    const [path, other] = [pathOf(first), pathOf(second)];
    rmSync(join(copy, path));
    rmSync(join(copy, other));
    const words = [`before ${formatTid(third)}`];
    const beside = await made.restored(...words);
    expect([beside.status, beside.bytes]).toEqual([1, undefined]);
    expect(beside.stderr).toContain(`the blob "${other}" of that moment is in no copy`);
    const accepted = await made.restored(...words, '--accept-damaged-blobs');
    expect(accepted.stderr).toContain(`"${path}": taken from `);
    expect([accepted.status, accepted.blobs.includes(other)]).toEqual([3, false]);
    const inPlace = await site.runWarned('restore', '-n', ...words);
    expect(inPlace.stderr).toContain(`"${other}": no backup has it; taken from the live `);
    expect(blobFiles(made.blobs)).toEqual(made.written.at(-2)?.blobs);
  });

  it('is refused where a copy that can not be read may have what the others lack', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    const first = await made.commit('blob');
    await site.runWell('backup');
    await made.commit('blob');
    const third = await made.commit('blob');
    await site.runWell('backup');
    const copies = join(site.folder, 'var/blobstoragebackups');
    const [earlier = '', later = ''] = site
      .dataFiles()
      .map((name) => join(copies, `blobstorage.${name.slice(0, 19)}`))
      .slice(-2);
    rmSync(join(later, '.zodbvault.json'));
    rmSync(join(later, '.zodbvault.sums'));
    const path = blobFiles(later).find((one) => one.includes(formatTid(first))) ?? 'none';
    for (const copy of [earlier, later]) rmSync(join(copy, path));
    symlinkSync(join(earlier, path), join(earlier, path)); // An error for root, too.
    const words = [`before ${formatTid(third)}`];
    const { status, bytes, stderr } = await made.restored(...words);
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('links lead in a circle');
    const inPlace = await site.runWarned('restore', '-n', ...words);
    expect(inPlace.stderr).toContain('no backup has it; taken from the live ');
    expect(blobFiles(made.blobs)).toEqual(made.written.at(-2)?.blobs);
  });

  it.each([
    'archive_blob = true',
    'archive_blob = true\ncompress_blob = true',
    'incremental_blobs = true',
    'incremental_blobs = true\ncompress_blob = true',
  ])('takes old revisions of blobs from other archives: %s', async (options) => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    writeFileSync(join(site.folder, 'zodbvault.toml'), `${options}\n`);
    await made.commit('blob');
    await site.runWell('backup');
    await made.commit('blob');
    const [old = ''] = made.written[0]?.blobs ?? [];
    const content = readFileSync(join(made.blobs, old));
    rmSync(join(made.blobs, old));
    const third = await made.commit('blob');
    await site.run(['backup']);
    const words = [`before ${formatTid(third)}`];
    const { status, stderr, blobs, bytes } = await made.restored(...words);
    const second = made.written[1];
    expect([status, stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining(`"${old}": taken`),
    ]);
    expect([0, 3]).toContain(status);
    expect(bytes?.equals(second?.bytes ?? Buffer.of())).toBe(true);
    expect(blobs).toEqual(second?.blobs);
    const restored = join(site.folder, 'restored/blobstorage', old);
    expect(readFileSync(restored)).toEqual(content);
  });
});

describe('old revisions of blobs', () => {
  /**
   * A site of which the first revision of a blob is packed away. A backup of that was made before, and one of the third
   * after that.
   */
  async function siteWithLostBlob(kind: string, options = '') {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    writeFileSync(join(site.folder, 'zodbvault.toml'), options);
    await made.commit('blob');
    await site.runWell('backup', '--kind', kind);
    const [lost = ''] = made.written[0]?.blobs ?? [];
    const content = readFileSync(join(made.blobs, lost));
    await made.commit('blob');
    rmSync(join(made.blobs, lost));
    const third = await made.commit('blob');
    await site.run(['backup']);
    const target = join(site.folder, 'restored/blobstorage', lost);
    return { made, site, lost, content, target, words: [`before ${formatTid(third)}`] };
  }

  it.each([
    ['snapshot', ''],
    ['zip', ''],
    ['snapshot', 'archive_blob = true\n'],
  ])('are taken from backups of another kind: %s %s', async (kind, options) => {
    const { made, lost, content, target, words } = await siteWithLostBlob(kind, options);
    const { status, stderr, bytes, blobs } = await made.restored(...words);
    expect([status, stderr]).toEqual([0, expect.stringContaining(`"${lost}": taken from `)]);
    expect(bytes?.equals(made.written[1]?.bytes ?? Buffer.of())).toBe(true);
    expect([...blobs].sort()).toEqual([...(made.written[1]?.blobs ?? [])].sort());
    expect(readFileSync(target)).toEqual(content);
  });

  it('are not taken from an archive that is damaged', async () => {
    const { made, site, lost, target, words } = await siteWithLostBlob(
      'backup',
      'archive_blob = true\n',
    );
    const folder = join(site.folder, 'var/blobstoragebackups');
    const [archive = ''] = readdirSync(folder)
      .filter((name) => /\.tar/.test(name))
      .sort();
    const path = join(folder, archive);
    const bytes = readFileSync(path);
    const place = bytes.lastIndexOf('0', bytes.length - 2000);
    bytes.writeUInt8((bytes[place] ?? 0) ^ 1, place);
    writeFileSync(path, bytes);
    const restored = await made.restored(...words);
    expect(restored.status).toBe(3);
    expect(restored.stderr).not.toContain(`"${lost}": taken`);
    expect(existsSync(target)).toBe(false);
    expect(restored.bytes?.equals(made.written[1]?.bytes ?? Buffer.of())).toBe(true);
  });

  it.skipIf(obstacle() !== undefined)(
    'are restored where the file system has no hard links (needs strace)',
    async () => {
      const { made, site, words } = await siteWithLostBlob('snapshot');
      const noLinks = ['-e', 'trace=link,linkat', '-e', 'inject=link,linkat:error=EPERM'];
      const strace = ['-f', '-qq', '-o', '/dev/null', ...noLinks];
      const command = [process.execPath, COMMAND, 'restore', '-n', ...words];
      execFileSync('strace', [...strace, ...command], { cwd: site.folder, stdio: 'ignore' });
      expect(readFileSync(site.dataFs).equals(made.written[1]?.bytes ?? Buffer.of())).toBe(true);
      expect([...blobFiles(made.blobs)].sort()).toEqual([...(made.written[1]?.blobs ?? [])].sort());
    },
  );
});

describe('a moment that a pack has removed', () => {
  it('is refused, and the nearest that can be had are named', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    await made.commit('state');
    const kept = await made.commit('state');
    await site.runWell('backup');
    const gone = await made.commit('state');
    await made.commit('state');
    const packed = await made.commit('blob');
    await packDatabase(site.dataFs);
    await site.runWell('backup');
    const [before] = site.dataFiles();
    const { status, stderr, bytes } = await made.restored(formatTid(gone));
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('a pack has removed what was there up to ');
    expect(stderr).toContain(`The nearest that can be had: ${before?.slice(0, 19)}`);
    expect(stderr).toContain(`or ${formatTid(packed)}`);
    // In front of the pack, the chain before has it; its first moment, the chain behind.
    expectWritten(await made.restored(formatTid(kept)), made.written[1]);
    const first = await made.restored(formatTid(packed));
    expect([first.status, first.bytes?.equals(readFileSync(site.dataFs))]).toEqual([0, true]);
  });
});

describe('a transaction that is known by its user and its description', () => {
  let made: WrittenSite;

  beforeAll(async () => {
    made = new WrittenSite(await newSite(scratch, 3));
    await made.commit('blob', '/Plone/news\nAdded');
    await made.commit('state', '/Plone/news\nDeleted');
    await made.commit('state', '/Plone/events\nDeleted');
    await made.site.runWell('backup');
  });

  it('is where a restore goes to, right before it, if it is the only one', async () => {
    const found = await made.restored('--before-text', 'NEWS\ndeleted', '--before-user', 'jim');
    expectWritten(found, made.written[0]);
    expect(found.stderr).toMatch(/^ {2}> .* {2}\/Plone\/news.*Deleted$/m);
  });

  it('is refused where several fit and nobody is asked', async () => {
    const { status, stderr, bytes } = await made.restored('--before-text', 'Deleted');
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('2 fit');
    expect(stderr).toContain(`"before ${formatTid(made.written[2]?.tid ?? (0n as Tid))}"`);
  });

  it('is the newest of those that fit where somebody agrees', async () => {
    const folder = join(made.site.folder, 'agreed');
    const words = ['restore', '--before-text', 'Deleted', '--to', folder];
    const declined = await made.site.run(words, { input: 'no\n' });
    expect([declined.status, existsSync(folder)]).toEqual([0, false]);
    const { status } = await made.site.run(words, { input: 'yes\n' });
    const bytes = readFileSync(join(folder, 'filestorage/Data.fs'));
    expect([status, bytes.equals(made.written[1]?.bytes ?? Buffer.of())]).toEqual([0, true]);
  });

  it.each([
    [['--before-user', 'nobody'], 1, 'Cannot find a transaction by "nobody"'],
    [['--before-user', 'jim', 'latest'], 2, 'with "latest"'],
    [['--before-text', 'x', '--undo'], 2, 'with "--undo"'],
    [['--chain', '2026-03-01-04-05-06'], 2, 'Cannot use --chain without a moment'],
  ])('%j ends with %s', async (words, expected, message) => {
    const { status, stderr } = await made.site.run(['restore', '-n', ...words]);
    expect([status, stderr]).toEqual([expected, expect.stringContaining(message)]);
  });
});

describe('a persistent cache of a ZEO client', () => {
  it('is named after a restore to a state that is earlier than what it has seen', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    const first = await made.commit('state');
    const second = await made.commit('state');
    await site.runWell('backup');
    const cacheOf = (tid: Tid) =>
      Buffer.from(`ZEC3\0\0\0\0\0\0\0\0${' '.repeat(20)}`).fill(
        Buffer.from(formatTid(tid), 'hex'),
        4,
        12,
      );
    const paths = ['client1-1.zec', 'client2/client2-1.zec', 'client3-1.zec', 'broken-1.zec'].map(
      (name) => join(site.folder, 'var', name),
    );
    const [ahead = '', below = '', behind = '', broken = ''] = paths;
    mkdirSync(join(below, '..'));
    for (const path of [ahead, below]) writeFileSync(path, cacheOf(second));
    writeFileSync(behind, cacheOf(first));
    writeFileSync(broken, 'ZEC');
    const { stderr } = await site.runWell('restore', '-n', formatTid(first));
    expect(stderr).toContain(`remove their caches: "${ahead}", "${below}"\n`);
    const again = await site.runWell('restore', '-n');
    expect(again.stderr).not.toContain('remove their caches');
  });
});

describe('a test restore against the live Data.fs', () => {
  it('compares every byte, unless a pack came between', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    const tid = formatTid(await made.commit('state'));
    await made.commit('state');
    await site.runWell('backup');
    await made.commit('state');
    const words = [
      'test-restore',
      tid,
      '--against-live',
      '--no-blobs',
      '--in',
      site.folder,
      '--json',
    ];
    const pointsOf = (finished: Awaited<ReturnType<TestSite['run']>>) =>
      documentOf(finished).restores[0].points;
    expect(pointsOf(await site.runWell(...words))).toMatchObject([{ live: 'same' }]);
    const bytes = readFileSync(site.dataFs);
    writeFileSync(site.dataFs, Buffer.from(bytes).fill((bytes[200] ?? 0) ^ 1, 200, 201));
    const differing = await site.run(words);
    expect(differing.status).toBe(1);
    expect(pointsOf(differing)).toMatchObject([{ live: 'differs', differsAt: 200 }]);
    writeFileSync(site.dataFs, bytes);
    await packDatabase(site.dataFs);
    expect(pointsOf(await site.runWell(...words))).toMatchObject([{ live: 'other' }]);
  });
});

describe('a commit over two storages', () => {
  it('is not split, unless somebody insists', async () => {
    const site = await newSite(scratch, 3);
    const shop = join(site.folder, 'var/filestorage/shop.fs');
    await makeSite(shop, 3);
    writeFileSync(
      join(site.folder, 'zodbvault.toml'),
      '[[additional_filestorages]]\nname = "shop"\n',
    );
    const commitTo = async (path: string, description: string) => {
      await using writer = await openDatabase(path);
      const data = new Map([['description', description]]);
      const changes = [{ kind: 'state', oid: ROOT_OID, state: { kind: 'mapping', data } }] as const;
      return formatTid(await writer.commit({ user: ' jane', description, changes }));
    };
    await site.runWell('backup', '--no-blobs');
    await commitTo(shop, '/before');
    const first = await commitTo(shop, '/order');
    const between = await commitTo(shop, '/other');
    await commitTo(site.dataFs, '/order');
    await site.runWell('backup', '--no-blobs');
    const restored = async (...words: readonly string[]) => {
      const target = join(site.folder, 'restored');
      rmSync(target, { recursive: true, force: true });
      const finished = await site.runWell('restore', '-n', '--no-blobs', '--to', target, ...words);
      const log = async (name: string) => {
        const path = join(target, 'filestorage', name);
        return documentOf(await site.runWell('log', path, '--json')).transactions[0].description;
      };
      return { stderr: finished.stderr, shop: await log('shop.fs'), data: await log('Data.fs') };
    };
    const moved = await restored(between);
    expect(moved.stderr).toContain('right before a commit by jane: /order: "shop" had its part');
    expect([moved.shop, moved.data === '/order']).toEqual(['/before', false]);
    const exact = await restored(between, '--exact');
    expect(exact.stderr).not.toContain('right before a commit');
    expect([exact.shop, exact.data === '/order']).toEqual(['/other', false]);
    const before = await restored(`before ${first}`);
    expect([before.stderr.includes('right before a commit'), before.shop]).toEqual([
      false,
      '/before',
    ]);
  });
});

describe('a date before the first backup of one of several storages', () => {
  it('is refused with the name of that storage, and the date from which on there is all', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const first = documentOf(await site.runWell('log', '--json')).transactions[0].tid;
    await wait(1100);
    await makeSite(join(site.folder, 'var/filestorage/shop.fs'), 3);
    writeFileSync(
      join(site.folder, 'zodbvault.toml'),
      '[[additional_filestorages]]\nname = "shop"\n',
    );
    await site.runWell('backup');
    const [own = '', shop = ''] = ['backups', 'backups_shop'].map((name) => {
      const files = readdirSync(join(site.folder, 'var', name));
      return files.find((file) => /fsz?$/.test(file))?.slice(0, 19);
    });
    expect(own < shop).toBe(true);
    for (const word of [own, first, `before ${first}`]) {
      for (const command of [['restore', '-n', '--to', 'restored'], ['open']]) {
        const { status, stderr } = await site.run([...command, word]);
        expect([status, stderr]).toEqual([1, expect.stringContaining('(storage "shop")')]);
        expect(stderr).toContain(`There are backups of all storages from ${shop} (UTC).`);
      }
    }
    expect(existsSync(join(site.folder, 'restored'))).toBe(false);
  });
});

describe('a date around a restore to an earlier state', () => {
  it('is of the chain that was live then; where nobody can tell, of the one that is named', async () => {
    const made = new WrittenSite(await newSite(scratch, 3));
    const { site } = made;
    const dateNow = async () => {
      await wait(1100);
      const date = `${new Date().toISOString().slice(0, 19)}Z`;
      await wait(1100);
      return date;
    };
    const kept = await made.commit('blob');
    await made.commit('state', 'of the first line');
    await site.runWell('backup');
    const lost = await dateNow();
    await site.runWell('restore', '-n', formatTid(kept));
    const restored = await dateNow();
    await made.commit('state', 'of the second line');
    const later = await dateNow();
    await site.runWell('backup');
    const [first, of, second] = made.written;
    expectWritten(await made.restored(lost), of);
    expectWritten(await made.restored(restored), first);
    expectWritten(await made.restored(later), second);
    const record = JSON.parse(
      readFileSync(join(site.repository, `${site.dataFiles().at(-1)?.slice(0, 19)}.json`), 'utf8'),
    );
    expect(record.continues).toEqual({
      chain: site.dataFiles()[0]?.slice(0, 19),
      tid: formatTid(kept),
      restoredAt: expect.stringMatching(/Z$/),
    });
    // The same without the log of the restore: the record of the next full backup tells.
    rmSync(join(site.repository, '.zodbvault.runs.jsonl'));
    expectWritten(await made.restored(lost), of);
    expectWritten(await made.restored(restored), first);
    expectWritten(await made.restored(later), second);
    // And as an earlier version has written it.
    for (const name of site.dataFiles()) {
      const path = join(site.repository, `${name.slice(0, 19)}.json`);
      const { continues: _, ...record } = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, `${JSON.stringify(record, undefined, 1)}\n`);
    }
    const { status, stderr, bytes } = await made.restored(later);
    expect([status, bytes]).toEqual([1, undefined]);
    expect(stderr).toContain('two chains have one, and neither goes on from the other');
    const [a = '', b = ''] = site.dataFiles().map((name) => name.slice(0, 19));
    expect(stderr).toContain(`--chain ${a} or --chain ${b}.`);
    expectWritten(await made.restored(later, '--chain', a), of);
    expectWritten(await made.restored(later, '--chain', b), second);
    const none = await made.restored(later, '--chain', '2001-01-01-00-00-00');
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('has none')]);
  });
});
