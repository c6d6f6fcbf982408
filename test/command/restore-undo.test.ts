import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatTid } from '../../src/filestorage/tid.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { forgeFingerprints } from '../support/forge-fingerprints.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** Everything live, by path; what lies hidden beside it is not. */
function live(site: TestSite): ReadonlyMap<string, string> {
  const files = ['filestorage', 'blobstorage'].flatMap((name) => {
    const folder = join(site.folder, 'var', name);
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.endsWith('.lock') && !path.includes('.zodbvault-'));
  });
  return new Map(files.sort().map((path) => [path, readFileSync(path, 'hex')]));
}

async function commitOne({ dataFs }: TestSite): Promise<string> {
  await using writer = await openDatabase(dataFs);
  const changes = [{ kind: 'blob', oid: writer.newOid(), content: Buffer.from('last') }] as const;
  return formatTid(await writer.commit({ changes }));
}

function hidden(site: TestSite): readonly string[] {
  const folders = ['var', 'var/filestorage', 'var/blobstorage'];
  return folders.flatMap((name) =>
    readdirSync(join(site.folder, name)).filter((one) => one.includes('.zodbvault-')),
  );
}

/** A site that has a backup, and has changed since. */
async function changedSite() {
  const site = await newSite(scratch);
  await site.runWell('backup');
  const backedUp = live(site);
  await growDatabase(site.dataFs, { transactions: 2 });
  writeFileSync(join(site.folder, 'var/blobstorage/new.blob'), 'later');
  return { ...site, backedUp, changed: live(site) };
}

function journalOf(site: TestSite): string {
  return join(dirname(site.dataFs), '.Data.fs.zodbvault-restore.json');
}

/** Makes the journal and the files of a restore that was killed after so many of its renames. */
async function killedAfter(site: TestSite, renames: number) {
  await site.runWell('restore', '-n');
  const path = journalOf(site);
  const journal = JSON.parse(readFileSync(path, 'utf8'));
  // Backwards: takes back all but so many of its steps.
  for (const step of journal.steps.slice(renames).reverse()) {
    if (step.staged !== null) renameSync(step.path, step.staged);
    if (step.kept !== null) renameSync(step.kept, step.path);
  }
  writeFileSync(path, JSON.stringify({ ...journal, state: 'swapping' }));
}

describe('zodbvault restore --undo', () => {
  it('swaps back all that a restore replaced, and can be undone itself', async () => {
    const site = await changedSite();
    const { stderr } = await site.runWell('restore', '-n');
    expect(stderr).toContain('restore --undo');
    expect(live(site)).toEqual(site.backedUp);
    await site.runWell('restore', '--undo', '-n');
    expect(live(site)).toEqual(site.changed);
    await site.runWell('restore', '--undo', '-n');
    expect(live(site)).toEqual(site.backedUp);
  });

  it('is a line that works when it is pasted, whatever the restore was told', async () => {
    const site = await changedSite();
    const paste = (stderr: string) => {
      const line = stderr.split('\n').find((one) => one.includes('restore --undo')) ?? '';
      return execFileSync('/bin/sh', ['-c', `${line} -n`], { cwd: '/', stdio: 'pipe' });
    };
    const places = ['--datafs', 'var/filestorage/Data.fs', '--location', "var/it's backups"];
    await site.runWell('backup', '--no-blobs', ...places);
    const bytes = readFileSync(site.dataFs, 'hex');
    await growDatabase(site.dataFs, { transactions: 1 });
    const grown = readFileSync(site.dataFs, 'hex');
    const { stderr } = await site.runWell('restore', '-n', '--no-blobs', ...places);
    expect(readFileSync(site.dataFs, 'hex')).toBe(bytes);
    paste(stderr);
    expect(readFileSync(site.dataFs, 'hex')).toBe(grown);
    const { stdout } = await site.runWell('history', ...places);
    expect(stdout).toMatch(/ restore --undo .* done/);
  });

  it('asks, says with --dry-run what it would do, and refuses while a server runs', async () => {
    const site = await changedSite();
    await site.runWell('restore', '-n');
    expect((await site.run(['restore', '--undo'], { input: 'no\n' })).status).toBe(0);
    expect((await site.runWell('restore', '--undo', '--dry-run')).stdout).toContain(site.dataFs);
    const server = await openDatabase(site.dataFs);
    expect((await site.run(['restore', '--undo', '-n'])).status).toBe(4);
    await server.close();
    expect(live(site).get(site.dataFs)).toBe(site.backedUp.get(site.dataFs));
  });

  it('takes away what was not there before', async () => {
    const site = await changedSite();
    for (const name of ['filestorage', 'blobstorage']) {
      rmSync(join(site.folder, 'var', name), { recursive: true });
    }
    await site.runWell('restore', '-n');
    expect(live(site)).toEqual(site.backedUp);
    const would = await site.runWell('restore', '--undo', '--dry-run');
    expect(would.stdout).toContain(`It would remove ${site.dataFs}, which did not exist`);
    const unanswered = await site.run(['restore', '--undo']);
    expect([unanswered.status, unanswered.stderr]).toEqual([
      1,
      expect.stringContaining('Cannot undo the restore: the question was not answered'),
    ]);
    const no = await site.run(['restore', '--undo'], { input: 'no\n' });
    expect(no.stdout).toContain(`This will remove what did not exist before the restore:\n    `);
    expect(existsSync(site.dataFs)).toBe(true);
    await site.runWell('restore', '--undo', '-n');
    expect(existsSync(site.dataFs)).toBe(false);
    expect(existsSync(join(site.folder, 'var/blobstorage'))).toBe(false);
  });

  it('says so where there is nothing to undo, and takes no date', async () => {
    const site = await changedSite();
    const nothing = await site.run(['restore', '--undo', '-n']);
    expect([nothing.status, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('zodbvault has kept no replaced files'),
    ]);
    expect((await site.run(['restore', '2026-01-01', '--undo'])).status).toBe(2);
  });

  it('keeps one generation: the next restore removes what the last one kept', async () => {
    const site = await changedSite();
    await site.runWell('restore', '-n');
    const first = hidden(site);
    await site.runWell('restore', '-n');
    const kept = hidden(site).filter((name) => name.endsWith('-kept'));
    expect(kept.length).toBe(3); // Data.fs, its index, the blobs.
    expect(kept.filter((name) => first.includes(name))).toEqual([]);
    const { stdout } = await site.runWell('restore', '--discard-old', '--dry-run');
    expect(stdout.match(/It would remove .*-kept/g)?.length).toBe(kept.length);
    const unasked = await site.run(['restore', '--discard-old']);
    expect([unasked.status, unasked.stderr]).toEqual([
      1,
      expect.stringContaining('the question was not answered'),
    ]);
    expect(hidden(site).filter((name) => name.endsWith('-kept'))).toEqual(kept);
    await site.runWell('restore', '-n', '--discard-old');
    expect(hidden(site).filter((name) => !name.endsWith('.lock'))).toEqual([]);
    const again = await site.run(['restore', '-n', '--discard-old']);
    expect([again.status, again.stderr]).toEqual([
      ...[1, expect.stringContaining('zodbvault has kept nothing of it')],
    ]);
    expect(live(site)).toEqual(site.backedUp);
  });

  it('follows links to the Data.fs and to the blobs, and leaves them', async () => {
    const site = await changedSite();
    const disk = join(site.folder, 'other-disk');
    mkdirSync(disk);
    for (const path of [site.dataFs, join(site.folder, 'var/blobstorage')]) {
      const place = join(disk, path.endsWith('.fs') ? 'Data.fs' : 'blobstorage');
      renameSync(path, place);
      symlinkSync(place, path);
    }
    await site.runWell('restore', '-n');
    expect(readFileSync(site.dataFs, 'hex')).toBe(site.backedUp.get(site.dataFs));
    expect(readFileSync(join(disk, 'Data.fs'), 'hex')).toBe(site.backedUp.get(site.dataFs));
    expect(existsSync(join(disk, 'blobstorage/new.blob'))).toBe(false);
    await site.runWell('restore', '--undo', '-n');
    expect(readFileSync(join(disk, 'Data.fs'), 'hex')).toBe(site.changed.get(site.dataFs));
    expect(existsSync(join(disk, 'blobstorage/new.blob'))).toBe(true);
  });

  it('knows the server that has the real file of a link, and leaves no old index there', async () => {
    const site = await changedSite();
    const real = join(site.folder, 'disk/real.fs');
    mkdirSync(dirname(real));
    renameSync(site.dataFs, real);
    symlinkSync(real, site.dataFs);
    const server = await openDatabase(real);
    const { status, stderr } = await site.run(['restore', '-n']);
    expect([status, stderr]).toEqual([4, expect.stringContaining(`"${real}.lock"`)]);
    expect((await site.runWell('restore', '--dry-run')).stderr).toContain(`"${real}.lock"`);
    await server.close();
    const old = readFileSync(`${real}.index`, 'hex');
    await site.runWell('restore', '-n');
    expect(readFileSync(real, 'hex')).toBe(site.backedUp.get(site.dataFs));
    const index = readFileSync(`${site.dataFs}.index`, 'hex');
    expect(readFileSync(`${real}.index`, 'hex')).toBe(index);
    expect(index).not.toBe(old);
    await site.runWell('restore', '--undo', '-n');
    expect(readFileSync(`${real}.index`, 'hex')).toBe(old);
    rmSync(`${real}.index`);
    await site.runWell('restore', '-n');
    expect(existsSync(`${real}.index`)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'works with blobs on a mount point, which cannot be renamed (needs root, to mount one)',
    async () => {
      const site = await changedSite();
      const blobs = join(site.folder, 'var/blobstorage');
      const aside = join(site.folder, 'aside');
      renameSync(blobs, aside);
      mkdirSync(blobs);
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', blobs]);
      try {
        execFileSync('cp', ['-a', `${aside}/.`, blobs]);
        await site.runWell('restore', '-n');
        expect(live(site)).toEqual(site.backedUp);
        await site.runWell('restore', '--undo', '-n');
        expect(existsSync(join(blobs, 'new.blob'))).toBe(true);
        await site.runWell('restore', '--undo', '-n');
        expect(live(site)).toEqual(site.backedUp);
      } finally {
        execFileSync('umount', [blobs]);
      }
    },
  );
});

describe('zodbvault restore --no-keep-old', () => {
  it('keeps nothing', async () => {
    const site = await changedSite();
    await site.runWell('restore', '-n', '--no-keep-old');
    expect(live(site)).toEqual(site.backedUp);
    expect(hidden(site).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'removes the old first where there is no room for both, and says so (needs root, to mount a disk)',
    async () => {
      const site = await newSite(scratch, 3);
      const variable = join(site.folder, 'var/filestorage');
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', variable]);
      try {
        await growDatabase(site.dataFs, { transactions: 10, bytesEach: 400_000 });
        const before = readFileSync(site.dataFs);
        const last = await commitOne(site);
        const bytes = readFileSync(site.dataFs);
        await site.runWell('backup');
        const tight = await site.run(['restore', '-n']);
        expect([tight.status, tight.stderr]).toEqual([1, expect.stringContaining('no space')]);
        expect(readFileSync(site.dataFs).equals(bytes)).toBe(true);
        const no = await site.run(['restore', '--no-keep-old'], { input: 'no\n' });
        expect([no.status, no.stderr]).toEqual([
          0,
          expect.stringContaining('deletes the old files first'),
        ]);
        const [name = ''] = site.dataFiles();
        const stored = join(site.repository, name);
        const good = readFileSync(stored);
        const bad = Buffer.from(good);
        bad.writeUInt8((bad[bad.length >> 1] ?? 0) ^ 1, bad.length >> 1);
        writeFileSync(stored, bad);
        const damaged = await site.run(['restore', '-n', '--no-keep-old']);
        expect(damaged.status).toBe(1);
        expect(readFileSync(site.dataFs).equals(bytes)).toBe(true);
        writeFileSync(stored, good);
        await site.runWell('restore', '-n', '--no-keep-old');
        expect(readFileSync(site.dataFs).equals(bytes)).toBe(true);
        // Blobs of a moment may be in the live directory alone.
        const moment = ['restore', '-n', '--no-keep-old', `before ${last}`];
        const withBlobs = await site.run(moment);
        expect([withBlobs.status, withBlobs.stderr]).toEqual([
          1,
          expect.stringContaining('no space'),
        ]);
        await site.runWell('verify', '--deep', `before ${last}`);
        forgeFingerprints(site.repository);
        const other = await site.run([...moment, '--no-blobs']);
        expect([other.status, other.stderr]).toEqual([
          1,
          expect.stringContaining('a verification found'),
        ]);
        expect(readFileSync(site.dataFs).equals(bytes)).toBe(true);
        await site.runWell('verify', '--deep', `before ${last}`);
        await site.runWell(...moment, '--no-blobs');
        expect(readFileSync(site.dataFs).equals(before)).toBe(true);
      } finally {
        execFileSync('umount', [variable]);
      }
    },
  );
});

describe('a site that was copied with what a restore left', () => {
  /** A copy of all of its folder, as `cp -a` makes it. */
  function copyOf(site: TestSite): TestSite {
    const folder = `${site.folder}-copy`;
    cpSync(site.folder, folder, { recursive: true, preserveTimestamps: true });
    return siteIn(folder);
  }

  it('leaves the other site as it is, whatever is undone or discarded', async () => {
    const site = await changedSite();
    await site.runWell('restore', '-n');
    const before = [live(site), hidden(site)];
    const copy = copyOf(site);
    for (const what of ['--undo', '--discard-old']) {
      const { status, stderr } = await copy.run(['restore', what, '-n']);
      expect([status, stderr]).toEqual([1, expect.stringContaining('was copied or moved here')]);
    }
    await copy.runWell('restore', '-n');
    await copy.runWell('restore', '--undo', '-n');
    expect([live(site), hidden(site)]).toEqual(before);
    await site.runWell('restore', '--undo', '-n');
    expect(live(site)).toEqual(site.changed);
  });

  it('is told how to go on where the restore was half done', async () => {
    const site = await changedSite();
    await killedAfter(site, 2);
    const before = [live(site), hidden(site)];
    const copy = copyOf(site);
    for (const words of [['backup'], ['restore', '-n']]) {
      const { status, stderr } = await copy.run(words);
      expect([status, stderr]).toEqual([1, expect.stringContaining('stopped half-way')]);
    }
    renameSync(journalOf(copy), join(scratch, 'moved-away'));
    await copy.runWell('restore', '-n');
    expect([...live(copy).values()]).toEqual([...site.backedUp.values()]);
    expect([live(site), hidden(site)]).toEqual(before);
  });
});

describe('a restore that was killed while it swapped', () => {
  it.each([0, 1, 2, 3, 4])('is finished by the next backup: after %d renames', async (renames) => {
    const site = await changedSite();
    await killedAfter(site, renames);
    const { stderr } = await site.runWell('backup');
    expect(stderr).toContain('finished the interrupted restore');
    expect(live(site)).toEqual(site.backedUp);
    await site.runWell('restore', '--undo', '-n');
    expect(live(site)).toEqual(site.changed);
  });

  it('is finished after the machine has started again, when its disks have other numbers', async () => {
    const site = await changedSite();
    await killedAfter(site, 3);
    const text = readFileSync(journalOf(site), 'utf8');
    // As earlier versions wrote it, with the number of the device.
    writeFileSync(journalOf(site), text.replaceAll(/("identity": ?")/g, '$1987654:'));
    await site.runWell('backup');
    expect(live(site)).toEqual(site.backedUp);
    await site.runWell('restore', '--undo', '-n');
    expect(live(site)).toEqual(site.changed);
  });

  it('is finished by the next restore, and leaves a site alone where a server runs', async () => {
    const site = await changedSite();
    await killedAfter(site, 2);
    const checked = await site.run(['check', '--free', 'off']);
    expect([checked.status, checked.stdout]).toEqual([
      2,
      expect.stringMatching(
        /^ZODBVAULT CRITICAL - a restore was killed half-way: run "zodbvault res/,
      ),
    ]);
    const server = await openDatabase(site.dataFs);
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([4, expect.stringContaining(`${process.pid}`)]);
    await server.close();
    expect((await site.runWell('restore', '-n')).stderr).toContain('finished the interrupted');
    expect(live(site)).toEqual(site.backedUp);
  });

  it('is finished before somebody is asked about the next one', async () => {
    const site = await changedSite();
    await killedAfter(site, 2);
    const { status, stderr } = await site.run(['restore'], { input: 'yes\n' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('finished the interrupted')]);
    expect(live(site)).toEqual(site.backedUp);
  });

  it('is finished before what it replaced is discarded', async () => {
    const site = await changedSite();
    await killedAfter(site, 2);
    const { stderr } = await site.runWell('restore', '-n', '--discard-old');
    expect(stderr).toContain('finished the interrupted restore');
    expect(live(site)).toEqual(site.backedUp);
    expect(hidden(site).filter((name) => name.endsWith('-kept'))).toEqual([]);
  });

  it('leaves nothing of what it had staged before it swapped', async () => {
    const site = await changedSite();
    const beside = dirname(site.dataFs);
    const owner = (anchor: string) => createHash('sha256').update(anchor).digest('hex').slice(0, 6);
    // Somebody else's, with a journal that may need it.
    const other = `.Data.fs.${owner(`${site.dataFs}.other`)}789abc.zodbvault-restored`;
    writeFileSync(join(beside, other), 'half');
    const stage = () => {
      const name = `${owner(site.dataFs)}789abc`;
      writeFileSync(join(beside, `.Data.fs.${name}.zodbvault-restored`), 'half');
      writeFileSync(
        join(beside, `..Data.fs.zodbvault-restore.json.0123456789ab.zodbvault-tmp`),
        '',
      );
      const blobs = join(site.folder, `var/.blobstorage.${name}.zodbvault-restored`);
      mkdirSync(join(blobs, 'x'), { recursive: true });
    };
    const staged = () =>
      hidden(site).filter((name) => /-(restored|tmp)$/.test(name) && name !== other);
    stage();
    expect(staged().length).toBe(3);
    const { stderr } = await site.runWell('restore', '-n');
    expect(stderr).toContain('Removed what an interrupted run left');
    expect(staged()).toEqual([]);

    // A backup removes it, too, but for what a restore has staged that runs.
    stage();
    const lock = join(beside, '.Data.fs.zodbvault-restore.lock');
    const restoring = spawn('flock', [lock, 'sh', '-c', 'echo held; read line']);
    await once(restoring.stdout, 'data');
    await site.runWell('backup');
    expect(staged().length).toBe(3);
    restoring.stdin.end();
    await once(restoring, 'close');
    expect((await site.runWell('backup')).stderr).toContain('Removed what an interrupted run left');
    expect(staged()).toEqual([]);
    expect(hidden(site)).toContain(other);
  });
});
