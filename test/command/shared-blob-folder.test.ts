import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  buildoutSiteIn,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
} from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
let folders = 0;

const ARCHIVES = 'archive_blob = true';
const FORMATS = ['archive_blob = false', ARCHIVES, `${ARCHIVES}\nincremental_blobs = true`];

const newFolder = () => join(scratch, `shared-${++folders}`);

function configure(site: BuildoutSite, lines: readonly string[]): void {
  writeFileSync(site.path('zodbvault.toml'), `${lines.join('\n')}\n`);
}

/** A site with its blob backups in a folder that isn't its own. */
async function siteWith(shared: string, ...lines: readonly string[]): Promise<BuildoutSite> {
  const site = await newBuildoutSite(scratch, undefined);
  configure(site, [`blobbackuplocation = "${shared}"`, ...lines]);
  return site;
}

async function runWell(site: BuildoutSite, ...words: readonly string[]): Promise<string> {
  return runTo(0, { site, words });
}

async function runTo(
  wanted: number,
  { site, words }: { readonly site: BuildoutSite; readonly words: readonly string[] },
): Promise<string> {
  const { status, stdout, stderr } = await site.run(words);
  if (status === wanted) return stdout + stderr;
  throw new Error(`${words.join(' ')} ended with ${status}: ${stdout}${stderr}`);
}

const backUpMore = async (site: BuildoutSite, ...words: readonly string[]) => {
  await commitBlob(site.dataFs);
  return runWell(site, 'backup', ...words);
};

/** Entries of a blob folder, oldest first, without records. */
const entriesIn = (folder: string) =>
  namesIn(folder).filter((name) => name !== 'latest' && !name.endsWith('.json'));

const newestOf = (site: BuildoutSite) =>
  dataFilesIn(site.path('var/backups')).at(-1)?.slice(0, 19) ?? '';

/** As if the entries had been made in the second of another stamp. */
function giveStamp(folder: string, stamp: string): void {
  for (const name of namesIn(folder).filter((one) => one !== 'latest')) {
    const path = join(folder, name.replace(/\d{4}(-\d\d){5}/, stamp));
    renameSync(join(folder, name), path);
    const record = path.endsWith('.json') ? path : join(path, '.zodbvault.json');
    if (!existsSync(record)) continue;
    const text = readFileSync(record, 'utf8');
    writeFileSync(record, text.replace(/("stamp": ")[^"]*/, `$1${stamp}`));
  }
}

describe('one folder for the blob backups of two sites', () => {
  it.each(FORMATS)(
    'takes no backup of the other of the same second for its own, and replaces nothing (%s)',
    async (format) => {
      const shared = newFolder();
      const a = await siteWith(shared, format);
      const b = await siteWith(shared, format, 'keep = 1');
      await runWell(a, 'backup');
      await runWell(b, 'backup', '--no-blobs');
      giveStamp(shared, newestOf(b));
      const held = folderState(shared);
      const refused = await runTo(1, { site: b, words: ['backup'] });
      expect(refused).toContain(
        `that already exists, and belongs to another repository, "${a.path('var/backups')}"`,
      );
      expect(refused).toContain('(blobbackuplocation)');
      expect(folderState(shared)).toEqual(held);
    },
  );

  it('restores no blobs of the other, and lists none', async () => {
    const shared = newFolder();
    const a = await siteWith(shared);
    const b = await siteWith(shared);
    await commitBlob(b.dataFs);
    await runWell(b, 'backup', '--no-blobs');
    await runWell(a, 'backup');
    const listed = await b.run(['list', '--json']);
    expect(listed.stdout).not.toContain('blobstorage.');
    const before = blobState(b.blobs);
    const said = await runTo(1, { site: b, words: ['restore', '-n'] });
    expect(said).toContain(
      `What is in "${shared}" belongs to another repository than "${b.path('var/backups')}"`,
    );
    expect(blobState(b.blobs)).toEqual(before);
    await runWell(b, 'restore', '-n', '--no-blobs');
    // One that was moved is still the same.
    const moved = `${a.folder}-moved`;
    renameSync(a.folder, moved);
    await runWell(buildoutSiteIn(moved), 'restore', '-n');
  });

  it('loses nothing of a site when a copy of that removes its own old backups', async () => {
    const place = newFolder();
    const site = await siteWith(place, 'keep = 9');
    await runWell(site, 'backup');
    await backUpMore(site, '--full');
    const made = entriesIn(place);
    const copy = buildoutSiteIn(`${site.folder}-copy`);
    cpSync(site.folder, copy.folder, { recursive: true, preserveTimestamps: true });
    // The folder was moved since; where it was is still a place for a disk.
    const shared = `${place}-moved`;
    renameSync(place, shared);
    mkdirSync(place);
    configure(site, [`blobbackuplocation = "${shared}"`, 'keep = 9']);
    configure(copy, [`blobbackuplocation = "${shared}"`, 'keep = 1']);
    await runWell(copy, 'restore', '-n'); // What both have is of both.
    await commitBlob(copy.dataFs);
    const said = await runTo(3, { site: copy, words: ['backup', '--full'] });
    expect(said).toContain(
      `is a copy of the other. zodbvault leaves alone the blob backups in "${shared}"`,
    );
    expect(said).toContain(`: ${made[0]}. Give each site its own folder`);
    expect(dataFilesIn(copy.path('var/backups'))).toHaveLength(1);
    expect(entriesIn(shared)).toEqual([...made, `blobstorage.${newestOf(copy)}`]);
    await runWell(site, 'restore', '-n', made[0]?.slice('blobstorage.'.length) ?? '');

    rmSync(site.path('var/backups'), { recursive: true });
    symlinkSync('backups', site.path('var/backups')); // Leads nowhere, for ever.
    const unclear = await runTo(3, { site: copy, words: ['backup', '--full'] });
    expect(unclear).toContain(`zodbvault cannot read "${site.path('var/backups')}"`);
    expect(entriesIn(shared)).toContain(made[0]);
    rmSync(site.path('var/backups'));
    await backUpMore(copy, '--full');
    expect(entriesIn(shared)).toEqual([`blobstorage.${newestOf(copy)}`]);
  });

  it('is none where it was copied with the site', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    configure(site, ['keep = 1']);
    await runWell(site, 'backup');
    await backUpMore(site);
    const made = folderState(site.path('var/blobstoragebackups'));
    const copy = buildoutSiteIn(`${site.folder}-copy`);
    cpSync(site.folder, copy.folder, { recursive: true, preserveTimestamps: true });
    await runWell(copy, 'backup');
    await backUpMore(copy, '--full');
    expect(entriesIn(copy.path('var/blobstoragebackups'))).toEqual([
      `blobstorage.${newestOf(copy)}`,
    ]);
    await runWell(copy, 'restore', '-n');
    expect(folderState(site.path('var/blobstoragebackups'))).toEqual(made);
    // Also of what the first one has removed since.
    const later = buildoutSiteIn(`${site.folder}-later`);
    cpSync(site.folder, later.folder, { recursive: true, preserveTimestamps: true });
    await backUpMore(site, '--full');
    await backUpMore(later, '--full');
    expect(entriesIn(later.path('var/blobstoragebackups'))).toEqual([
      `blobstorage.${newestOf(later)}`,
    ]);
  });

  it('restores its blobs with a copy of the repository without hidden files, and removes none', async () => {
    const shared = newFolder();
    const site = await siteWith(shared, 'keep = 9');
    await runWell(site, 'backup');
    const first = newestOf(site);
    const wanted = blobState(site.blobs);
    await backUpMore(site);
    const made = entriesIn(shared);
    const copy = await siteWith(shared, 'keep = 1');
    const copied = copy.path('var/backups');
    for (const name of namesIn(site.path('var/backups')).filter((one) => !one.startsWith('.'))) {
      cpSync(site.path('var/backups', name), join(copied, name), { preserveTimestamps: true });
    }
    await runWell(copy, 'restore', '-n');
    expect(blobState(copy.blobs)).toEqual(blobState(site.blobs));
    await backUpMore(copy, '--full');
    expect(entriesIn(shared).slice(0, -1)).toEqual(made);
    // It has an identity of its own now.
    for (const name of namesIn(site.path('var/backups')).filter((one) => !one.startsWith('.'))) {
      cpSync(site.path('var/backups', name), join(copied, name), { preserveTimestamps: true });
    }
    await runWell(copy, 'restore', '-n', first);
    expect(blobState(copy.blobs)).toEqual(wanted);
    // Where the other one is gone, the blob directory tells, if it is the same.
    rmSync(site.path('var/backups'), { recursive: true });
    const said = await runTo(1, { site: copy, words: ['restore', '-n', first] });
    expect(said).toContain('Could not find backup');
    configure(site, [`blobbackuplocation = "${shared}"`, `location = "${copied}"`]);
    await runWell(site, 'restore', '-n', first);
    expect(blobState(site.blobs)).toEqual(wanted);
  });

  it('keeps what does not say whose it is, unless its Data.fs backup goes just now', async () => {
    const shared = newFolder();
    const site = await siteWith(shared, 'keep = 1');
    await runWell(site, 'backup');
    const [own = ''] = entriesIn(shared);
    const strange = 'blobstorage.2001-01-01-00-00-00';
    const newer = 'blobstorage.2001-01-02-00-00-00';
    // The identity of a repository is as old as its oldest backup.
    const identity = site.path('var/backups/.zodbvault.id.json');
    const written = readFileSync(identity, 'utf8');
    writeFileSync(identity, written.replace(/"since":"[^"]*/, '"since":"2001-01-01-00-00-00'));
    for (const name of [strange, newer]) {
      cpSync(join(shared, own), join(shared, name), { recursive: true });
    }
    for (const name of [own, strange, newer]) rmSync(join(shared, name, '.zodbvault.json'));
    const said = await backUpMore(site, '--full');
    expect(said).toContain('Removed: restore point ');
    expect(entriesIn(shared)).toEqual([strange, newer, `blobstorage.${newestOf(site)}`]);
  });

  it('keeps the blobs of Data.fs backups that are there when only blobs are backed up', async () => {
    const shared = newFolder();
    const site = await siteWith(shared, 'keep = 9');
    await runWell(site, 'backup');
    await backUpMore(site, '--full');
    const made = entriesIn(shared);
    const lines = [`blobbackuplocation = "${shared}"`, 'keep = 1'];
    configure(site, [...lines, 'only_blobs = true']);
    await backUpMore(site, '--full');
    expect(entriesIn(shared).slice(0, -1)).toEqual(made);
    await new Promise((done) => setTimeout(done, 1000));
    await backUpMore(site, '--full');
    expect(entriesIn(shared)).toHaveLength(made.length + 1);
    // From elsewhere, too, where nobody can look whether they are needed.
    configure(site, [...lines, 'only_blobs = true', 'location = "elsewhere"']);
    await runWell(site, 'backup', '--full');
    expect(entriesIn(shared).slice(0, made.length)).toEqual(made);
    // Nor of one that doesn't say whose it is.
    rmSync(join(shared, made[0] ?? '', '.zodbvault.json'));
    await backUpMore(site, '--full');
    expect(entriesIn(shared).slice(0, made.length)).toEqual(made);
    renameSync(site.path('var/backups'), site.path('var/unmounted'));
    const said = await backUpMore(site, '--full');
    expect(said).toContain('zodbvault cannot tell which Data.fs backups they belong to');
    expect(entriesIn(shared).slice(0, made.length)).toEqual(made);
  });
});

describe('one folder for two sites that back up nothing but blobs', () => {
  it('loses nothing of one to the number that the other keeps', async () => {
    const shared = newFolder();
    const a = await siteWith(shared, 'only_blobs = true', 'keep = 1');
    const b = await siteWith(shared, 'only_blobs = true', 'keep = 1');
    await runWell(a, 'backup', '--full');
    const [ofA = ''] = entriesIn(shared);
    for (let count = 0; count < 2; count++) await backUpMore(b, '--full');
    expect(entriesIn(shared)).toHaveLength(2);
    expect(entriesIn(shared)).toContain(ofA);
    // Where it is gone, nobody can tell whether it is for good.
    renameSync(a.folder, `${a.folder}-unmounted`);
    await backUpMore(b, '--full');
    expect(entriesIn(shared)).toHaveLength(2);
    expect(entriesIn(shared)).toContain(ofA);
  });
});

describe('one folder for two sites that back up nothing but blobs, at a restore', () => {
  const newestIn = (shared: string) => entriesIn(shared).at(-1) ?? '';

  it.each(FORMATS)('has for each its own, for list, check and restore (%s)', async (format) => {
    const shared = newFolder();
    const a = await siteWith(shared, format, 'only_blobs = true');
    const b = await siteWith(shared, format, 'only_blobs = true');
    await backUpMore(a);
    const wanted = blobState(a.blobs);
    const mine = entriesIn(shared);
    for (let count = 0; count < 2; count++) await backUpMore(b, '--full');
    expect(newestIn(shared)).not.toBe(mine.at(-1));
    const listed = await a.run(['list', '--json']);
    expect(documentOf(listed).points).toHaveLength(1);
    expect(listed.stderr).toContain(
      `backups of "${b.blobs}", which is another site: they are not listed`,
    );
    rmSync(a.blobs, { recursive: true });
    expect(await runWell(a, 'restore', '-n')).toContain(newestIn(shared).slice(0, 11));
    expect(blobState(a.blobs)).toEqual(wanted);
    await runWell(b, 'restore', '-n');
    expect(blobState(a.blobs)).toEqual(wanted);
  });

  it('is asked about where none of them is here any more', async () => {
    const shared = newFolder();
    const a = await siteWith(shared, 'only_blobs = true');
    const b = await siteWith(shared, 'only_blobs = true');
    await backUpMore(a);
    const wanted = blobState(a.blobs);
    const stamp = newestIn(shared).slice('blobstorage.'.length);
    const single = await siteWith(shared, 'only_blobs = true');
    await runWell(single, 'restore', '-n'); // What one site has backed up may go to another.
    expect(blobState(single.blobs)).toEqual(wanted);
    await backUpMore(b);
    for (const { folder } of [a, b]) rmSync(folder, { recursive: true });
    const before = blobState(single.blobs);
    const said = await runTo(1, { site: single, words: ['restore', '-n'] });
    expect(said).toContain(`${stamp} of "${a.blobs}"`);
    expect(blobState(single.blobs)).toEqual(before);
    await runWell(single, 'restore', '-n', stamp);
    expect(blobState(single.blobs)).toEqual(wanted);
  });
});

describe('a blob directory that was renamed', () => {
  it('is restored from the backup of the moment, whatever that is called, also elsewhere', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const rename = (from: string, to: string) => {
      renameSync(site.path('var', from), site.path('var', to));
      configure(site, [`blob_storage = "var/${to}"`]);
    };
    await runWell(site, 'backup');
    rename('blobstorage', 'blobs');
    await commitBlob(site.dataFs, site.path('var/blobs'));
    await runWell(site, 'backup');
    const stamp = newestOf(site);
    const wanted = blobState(site.path('var/blobs'));
    await runWell(site, 'restore', '-n', '--to', 'elsewhere');
    expect(blobState(site.path('elsewhere/blobstorage'))).toEqual(wanted);
    const rehearsed = await runWell(site, 'test-restore');
    expect(rehearsed).toContain(`/blobstorage from blobs.${stamp}`);
    expect(rehearsed).toContain(' 0 problems');
    rename('blobs', 'blobstorage');
    await commitBlob(site.dataFs);
    await runTo(3, { site, words: ['backup'] });
    const { stdout } = await site.run(['list', '--json']);
    expect(stdout).toContain(`"name":"blobs.${stamp}","match":"exact"`);
    await runWell(site, 'restore', '-n', stamp);
    expect(blobState(site.blobs)).toEqual(wanted);
  });
});

describe('a blob directory that was corrected', () => {
  it.each(FORMATS)(
    'is backed up although nothing was committed since, and never the other way round (%s)',
    async (format) => {
      const site = await newBuildoutSite(scratch, undefined);
      const wrong = join(newFolder(), 'var/blobstorage');
      await commitBlob(join(wrong, '../filestorage/Data.fs'), wrong);
      const folder = site.path('var/blobstoragebackups');
      configure(site, [format, `blob_storage = "${wrong}"`]);
      await runWell(site, 'backup');
      await commitBlob(site.dataFs);
      await runWell(site, 'backup');
      const wanted = blobState(site.blobs);
      configure(site, [format]);
      // What an archive of a chain continues is of the wrong one, too.
      const isChain = format.includes('incremental');
      const said = await runTo(isChain ? 3 : 0, { site, words: ['backup'] });
      expect(said).toContain(
        `is a backup of another blob directory, "${wrong}". zodbvault makes it again`,
      );
      expect(said).toContain('Backed up: only the blobs (nothing was committed');
      expect(await runWell(site, 'backup')).toContain('Nothing to back up');
      rmSync(site.blobs, { recursive: true });
      await runWell(site, 'restore', '-n');
      expect(blobState(site.blobs)).toEqual(wanted);

      const before = folderState(folder);
      configure(site, [format, `blob_storage = "${wrong}"`]);
      const { status } = await site.run(['backup']);
      expect(status).toBe(format === 'archive_blob = false' ? 3 : 1);
      expect(folderState(folder)).toEqual(before);
    },
  );

  it('may have been moved', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    await runWell(site, 'backup');
    const moved = `${site.folder}-moved`;
    renameSync(site.folder, moved);
    await runWell(buildoutSiteIn(moved), 'backup');
    expect(entriesIn(join(moved, 'var/blobstoragebackups'))).toEqual([
      `blobstorage.${newestOf(buildoutSiteIn(moved))}`,
    ]);
  });
});
