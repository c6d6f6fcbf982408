import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { runByHand, stepsByHand } from '../support/copy-by-hand.ts';
import { growDatabase } from '../support/database.ts';
import { blobContents } from '../support/history.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const hasPrograms = ['age', 'zstd'].every((name) => spawnSync(name, ['--version']).status === 0);
let made = 0;

/** A site with a key, and a copy with these options. */
async function siteWithCopy(options: (recipient: string) => string) {
  const site = await newSite(scratch, 25);
  const folder = join(scratch, `rescue-${++made}`);
  const nas = join(folder, 'nas');
  mkdirSync(nas, { recursive: true });
  const { stdout } = await zodbvault(['keygen', '-q', '-o', 'key.txt'], { cwd: folder });
  const recipient = stdout.trim();
  writeFileSync(join(folder, 'keys.txt'), `# the key in the safe\n${recipient}\n`);
  const table = `{ url = "${nas}", name = "nas", site = "plone", ${options(recipient)} }`;
  writeFileSync(join(site.folder, 'zodbvault.toml'), `copies = [${table}]\n`);
  symlinkSync(join(nas, 'sites/plone'), join(folder, 'copy'));
  return { site, folder, nas, recipient };
}

async function backUp(site: TestSite): Promise<void> {
  await site.runWell('backup', '--compressor', 'node');
  await growDatabase(site.dataFs, { transactions: 3 });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await site.runWell('backup');
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
}

const FORMS: readonly (readonly [
  string,
  (recipient: string, folder?: string) => string,
  RegExp,
])[] = [
  ['as it is', () => 'keep = 0', /\.(delta)?fsz$/],
  ['encrypted', (recipient) => `recipients = "${recipient}"`, /\.(delta)?fsz\.age$/],
  ['compressed', () => 'compression = "zstd"', /\.(delta)?fs\.zst$/],
  [
    'compressed and encrypted',
    (recipient) => `recipients = ["${recipient}"], compression = "zstd"`,
    /\.(delta)?fs\.zst\.age$/,
  ],
];

describe.skipIf(!hasPrograms)('a copy (needs age and zstd)', () => {
  it.each(FORMS)('that is %s can be brought back by hand', async (_, options, ending) => {
    const { site, folder } = await siteWithCopy(options);
    await backUp(site);
    const names = readdirSync(join(folder, 'copy/data/Data-backup'));
    expect(names.filter((name) => ending.test(name)).length).toBe(2);
    const steps = stepsByHand();
    runByHand(steps.repository, { cwd: folder });
    runByHand(steps.withoutRepozo, { cwd: folder });
    expect(sameBytes(join(folder, 'Data.fs'), site.dataFs)).toBe(true);
    runByHand(steps.blobs, { cwd: folder });
    const blobs = join(site.folder, 'var/blobstorage');
    expect(blobContents(join(folder, 'blobstorage'))).toEqual(blobContents(blobs));
  });
});

describe('an encrypted copy', () => {
  it('says nothing of paths, users and content, and one that is as it is does', async () => {
    const words = (site: TestSite) => [site.folder, userInfo().homedir, 'ZODB.blob'];
    const tells = (nas: string, word: string) =>
      filesBelow(nas).filter((path) => readFileSync(path).includes(word)).length > 0;
    const open = await siteWithCopy(() => 'keep = 0');
    await backUp(open.site);
    expect(tells(open.nas, open.site.folder)).toBe(true);
    const closed = await siteWithCopy((recipient) => `recipients = "${recipient}"`);
    await backUp(closed.site);
    expect(words(closed.site).filter((word) => tells(closed.nas, word))).toEqual([]);
  });

  it('takes its keys from a file, too', async () => {
    const { site, folder, nas } = await siteWithCopy(() => 'recipients = "@keys.txt"');
    const failed = await site.run(['backup']);
    expect(failed.status).toBe(3);
    expect(failed.stderr).toContain('keys.txt');
    expect(filesBelow(nas)).toEqual([]);
    writeFileSync(join(site.folder, 'keys.txt'), readFileSync(join(folder, 'keys.txt')));
    await site.runWell('copy');
    expect(filesBelow(nas).filter((path) => path.endsWith('.fsz.age')).length).toBe(1);
  });

  it('is not begun with what is no public key, or is a secret one', async () => {
    const { site, folder, nas, recipient } = await siteWithCopy((key) => `recipients = "${key}"`);
    const text = readFileSync(join(folder, 'key.txt'), 'utf8');
    const identity = text.split('\n').find((line) => line.startsWith('AGE-'));
    const settings = join(site.folder, 'zodbvault.toml');
    const healthy = readFileSync(settings, 'utf8');
    for (const key of [`${recipient}x`, recipient.replace('age1', 'age2'), `${identity}`]) {
      writeFileSync(settings, healthy.replace(recipient, key));
      const wrong = await site.run(['backup']);
      const says = key === identity ? /has a secret key/ : /is not a public key/;
      expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(says)]);
      expect(wrong.stderr).not.toContain('AGE-SECRET-KEY-1');
    }
    expect(readdirSync(join(site.folder, 'var'))).not.toContain('backups');
    const toml = `copies = [{ url = "${nas}", recipients = "@${join(folder, 'key.txt')}" }]\n`;
    writeFileSync(join(site.folder, 'zodbvault.toml'), toml);
    const secret = await site.run(['copy']);
    expect(secret.stderr).toContain('has a secret key');
    expect(secret.stderr).not.toContain('AGE-SECRET-KEY');
    expect(filesBelow(nas)).toEqual([]);
  });

  it('needs no key for copies, their verification, and old ones that go', async () => {
    const { site } = await siteWithCopy((recipient) => `recipients = "${recipient}", keep = 1`);
    await backUp(site);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await site.runWell('backup', '--full');
    await site.runWell('copy', '--verify');
    await site.runWell('check');
  });
});

describe.each(FORMS)('the copy that is %s, read with --from', (form, options) => {
  const isClosed = form.includes('encrypted');

  it('gives back the site on a machine that has nothing but it and the key', async () => {
    const { site, folder, nas } = await siteWithCopy(options);
    await backUp(site);
    const run = (...words: readonly string[]) => zodbvault(words, { cwd: folder });
    const key = isClosed ? ['--identity', 'key.txt'] : [];
    const restored = await run('restore', '--from', nas, ...key, '--to', 'new', '-n');
    expect([restored.status, restored.stderr]).toEqual([0, expect.anything()]);
    expect(sameBytes(join(folder, 'new/filestorage/Data.fs'), site.dataFs)).toBe(true);
    const blobs = join(site.folder, 'var/blobstorage');
    expect(blobContents(join(folder, 'new/blobstorage'))).toEqual(blobContents(blobs));
    const written = await run('copy', '--from', nas, ...key, '--to', 'plain');
    expect([written.status, written.stderr]).toEqual([0, expect.stringContaining('intact')]);
    const places = [
      '--location',
      'plain/backups',
      '--blobbackuplocation',
      'plain/blobstoragebackups',
    ];
    await run('restore', ...places, '--blob-storage', 'blobstorage', '--to', 'other', '-n');
    expect(sameBytes(join(folder, 'other/filestorage/Data.fs'), site.dataFs)).toBe(true);
    expect(blobContents(join(folder, 'other/blobstorage'))).toEqual(blobContents(blobs));
    expect((await run('verify', '--from', nas, ...key)).status).toBe(0);
    const deep = await run('verify', '--deep', '--from', nas, ...key);
    expect([deep.status, deep.stderr]).toEqual([0, expect.anything()]);
    const listed = await run('ls', '--from', nas, ...key);
    expect(listed.status).toBe(0);
    expect(listed.stdout).toBe((await site.runWell('ls')).stdout);
  });
});

describe('an encrypted copy, read with --from', () => {
  it('is refused without a key and with another one, and says which option is missing', async () => {
    const { site, folder, nas, recipient } = await siteWithCopy((key) => `recipients = "${key}"`);
    await backUp(site);
    const run = (...words: readonly string[]) => zodbvault(words, { cwd: folder });
    await run('keygen', '-o', 'other.txt');
    for (const [words, status] of [
      [[], 1],
      [['--identity', 'other.txt'], 1],
      [['--identity', 'nowhere.txt'], 1],
    ] as const) {
      const refused = await run('restore', '--from', nas, ...words, '--to', 'new', '-n');
      expect([refused.status, refused.stderr]).toEqual([status, expect.stringContaining('rror')]);
      const unwritten = await run('copy', '--from', nas, ...words, '--to', 'new');
      expect([unwritten.status, unwritten.stderr]).toEqual([
        status,
        expect.stringContaining('rror'),
      ]);
      expect(readdirSync(folder)).not.toContain('new');
    }
    const verified = await run('verify', '--from', nas);
    expect([verified.status, verified.stderr]).toEqual([
      1,
      expect.stringContaining('Name the file with the secret key with --identity'),
    ]);
    const closed = await site.run(['verify', '--from', 'nas', '--identity', `${folder}/other.txt`]);
    const [own] = /age1\w+/.exec(readFileSync(join(folder, 'other.txt'), 'utf8')) ?? [];
    expect([closed.status, closed.stderr]).toEqual([
      1,
      expect.stringMatching(`named key is that of ${own}.* closed for ${recipient}`),
    ]);
    // How large and how many says the copy in the open.
    const points = async (...words: readonly string[]) =>
      JSON.parse((await run('list', '--from', nas, '--json', ...words)).stdout).points.map(
        ({ storedBytes, transactions, lastTid, blobs }: Record<string, unknown>) => ({
          ...{ storedBytes, transactions, lastTid, blobs },
        }),
      );
    const opened = await points('--identity', 'key.txt');
    expect(await points()).toEqual(opened);
    const data = filesBelow(join(folder, 'copy/data')).filter((path) => path.endsWith('fsz.age'));
    expect(opened.map((one: { storedBytes: number }) => one.storedBytes).sort()).toEqual(
      data.map((path) => statSync(path).size).sort(),
    );
    const several = ['--identity', 'other.txt', '--identity', 'key.txt'];
    expect((await run('ls', '--from', nas, ...several)).status).toBe(0);
    const env = { ZODBVAULT_IDENTITY: 'key.txt' };
    expect((await zodbvault(['ls', '--from', nas], { cwd: folder, env })).status).toBe(0);
  });
});
