import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backUp } from '../src/operations/backup/backup-filestorage.ts';
import type { BackupSettings } from '../src/operations/backup/backup-settings.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { catalogueOf } from '../src/repository/layout/catalogue.ts';
import { type Chain, readChain } from '../src/repository/layout/chain.ts';
import { compareQuickly, compareThoroughly } from '../src/repository/lineage/comparison.ts';
import { folderStore } from '../src/stores/folder-store.ts';
import { type ByteSource, openFileSource } from '../src/system/files/byte-source.ts';
import { UNWATCHED } from '../src/system/streams/progress.ts';
import { GOLDEN } from './golden/states.ts';
import type { Finished } from './support/command.ts';
import { growDatabase, openDatabase } from './support/database.ts';
import { packDatabase } from './support/pack.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, sameBytes, snapshot } from './support/site.ts';

const scratch = scratchFolder();
describe('hole 1: uncommitted bytes count as changed', () => {
  it('is not here: a commit in progress makes no increment, neither quick nor thorough', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const before = site.dataFiles();
    const writer = await openDatabase(site.dataFs);
    const oid = writer.newOid();
    const voted = await writer.vote({
      changes: [{ kind: 'blob', oid, content: Buffer.from('new') }],
    });
    expect((await site.runWell('backup')).stderr).toContain('Nothing to back up');
    expect((await site.runWell('backup', '--no-quick')).stderr).toContain('Nothing to back up');
    expect(site.dataFiles()).toEqual(before);
    await voted.finish();
    await site.runWell('backup');
    expect(site.dataFiles().length).toBe(2);
    await writer.close();
  });
});

describe('hole 2: after an increment of 0 bytes the quick check compares nothing', () => {
  it('is not here: a packed file that has grown past the end gets a full backup', async () => {
    const site = await newSite(scratch);
    rmSync(site.folder, { recursive: true });
    mkdirSync(join(site.folder, 'var/filestorage'), { recursive: true });
    // repozo's own repository, up to its increments of 0 bytes.
    cpSync(join(GOLDEN, 'bushy/repozo-plain'), site.repository, { recursive: true });
    for (const name of readdirSync(site.repository)) {
      if (name >= '2026-03-07') rmSync(join(site.repository, name));
    }
    const last = join(site.repository, '2026-03-06-04-05-06.deltafs');
    expect(statSync(last).size).toBe(0);
    copyFileSync(join(GOLDEN, 'bushy/states/8-after-pack/Data.fs'), site.dataFs);
    await growDatabase(site.dataFs, { transactions: 30 });
    expect(statSync(site.dataFs).size).toBeGreaterThan(65282);
    // The blobs that this Data.fs names are not there.
    expect((await site.runWarned('backup', '-v')).stderr).toContain('Full backup');
    await site.runWell('restore', '--to', 'out.fs');
    expect(sameBytes(join(site.folder, 'out.fs'), site.dataFs)).toBe(true);
  });

  it('is not here: our own chain notices a packed and grown file, too', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    const { size } = statSync(site.dataFs);
    await packDatabase(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 200 });
    expect(statSync(site.dataFs).size).toBeGreaterThan(size);
    expect((await site.runWell('backup', '-v')).stderr).toContain('Full backup');
  });
});

describe('hole 3: after a full backup the quick check reads the whole file', () => {
  it('is not here: it reads as much of a large file as of one eight times smaller', async () => {
    const amounts: number[] = [];
    for (const transactions of [8, 64]) {
      const site = await newSite(scratch);
      await growDatabase(site.dataFs, { transactions, bytesEach: 500_000 });
      await site.runWell('backup', '--no-gzip');
      const { chain } = await newestChain(site.repository);
      await using source = await openFileSource(site.dataFs);
      const counted = countingSource(source);
      expect(await compareQuickly(counted.source, chain)).toEqual({ kind: 'same' });
      amounts.push(counted.bytes());
    }
    const [small = 0, large = 0] = amounts;
    expect(large).toBeLessThanOrEqual(small * 1.1);
    expect(large).toBeLessThan(2_000_000);
  });
});

describe('hole 4: two backups in one second collide, two at once share a file', () => {
  it('is not here: stamps rise, whatever the clock says', async () => {
    const site = await newSite(scratch);
    const settings = settingsFor(site, { now: () => new Date('2026-03-01T04:05:06.500Z') });
    const stamps: (string | undefined)[] = [];
    for (let count = 0; count < 3; count++) {
      const { written } = await backUp(settings, quietContext());
      stamps.push(written?.file.stamp);
      await growDatabase(site.dataFs, { transactions: 1 });
    }
    expect(stamps).toEqual(['2026-03-01-04-05-06', '2026-03-01-04-05-07', '2026-03-01-04-05-08']);
    await site.runWell('verify');
  });

  it('is not here: the second of two runs stops, with status 4, and says who is there', async () => {
    const site = await newSite(scratch);
    let second: Finished | undefined;
    await backUp(
      {
        ...settingsFor(site, {}),
        random: () => 0.5,
      },
      quietContext(),
    );
    await growDatabase(site.dataFs, { transactions: 1 });
    const store = folderStore(site.repository);
    {
      await using _lock = await store.lock();
      second = await site.run(['backup']);
    }
    expect(second.status).toBe(4);
    expect(second.stderr).toContain(`pid ${process.pid}`);
    const lines = second.stderr.split('\n').filter((line) => /^(Error|Hint): /.test(line));
    expect(lines.length).toBe(2);
    expect(site.dataFiles().length).toBe(1);
    await site.runWell('backup');
  });
});

describe('hole 5: a crash leaves a chain that recovers but does not verify', () => {
  it.each([
    ['the record', ['json']],
    ['the record and the index', ['json', 'index']],
    ['all but the line in the .dat', ['json', 'index', 'fsz']],
  ])(
    'is not here: after %s, what was finished is whole, and the next run goes on',
    async (_, seen) => {
      for (const kind of ['full', 'increment'] as const) {
        const site = await newSite(scratch);
        if (kind === 'increment') {
          await site.runWell('backup');
          await growDatabase(site.dataFs, { transactions: 3 });
        }
        const before = snapshot(site.repository);
        await site.runWell('backup');
        const stamp = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
        for (const name of readdirSync(site.repository)) {
          if (name.startsWith('.') || before.has(name)) continue;
          if (!seen.some((ending) => name.endsWith(ending))) rmSync(join(site.repository, name));
        }
        for (const [name, hex] of before) {
          writeFileSync(join(site.repository, name), hex, 'hex');
        }
        expect(readdirSync(site.repository)).toContain(`${stamp}.json`);
        if (kind === 'increment') {
          // What isn't listed is not restored, and a warning says so.
          const { status } = await site.run(['restore', '--to', 'before.fs']);
          expect(status).toBe(seen.includes('fsz') ? 3 : 0);
        }
        const next = await site.runWell('backup');
        expect(next.stderr).toMatch(
          /Removed what an interrupted run left|Finished the interrupted/,
        );
        await site.runWell('verify');
        await site.runWell('restore', '--to', 'after.fs');
        expect(sameBytes(join(site.folder, 'after.fs'), site.dataFs)).toBe(true);
      }
    },
  );
});

describe('hole 6: the file is opened by name three times, and a pack in between mixes two', () => {
  it('is not here: a pack during the backup leaves the backup of one file, and is noticed', async () => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 10, bytesEach: 500_000 });
    const original = readFileSync(site.dataFs);
    const packed = join(site.folder, 'packed.fs');
    copyFileSync(site.dataFs, packed);
    await packDatabase(packed);
    const codes: string[] = [];
    let isReplaced = false;
    const onEvent = (event: JobEvent) => {
      if (event.kind === 'notice') codes.push(event.code);
      if (event.kind !== 'bytes' || isReplaced) return;
      renameSync(packed, site.dataFs);
      isReplaced = true;
    };
    await backUp(settingsFor(site, {}), quietContext(onEvent));
    expect([isReplaced, codes.includes('source-replaced')]).toEqual([true, true]);
    await site.runWell('verify');
    await site.runWell('restore', '--to', 'out.fs');
    expect(readFileSync(join(site.folder, 'out.fs')).equals(original)).toBe(true);
    expect((await site.runWell('backup', '-v')).stderr).toContain('Full backup');
  });

  it('is not here: a file that is overwritten meanwhile is no backup at all', async () => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 10, bytesEach: 500_000 });
    let isOverwritten = false;
    const onEvent = (event: JobEvent) => {
      if (event.kind !== 'bytes' || isOverwritten) return;
      writeFileSync(site.dataFs, Buffer.alloc(100_000));
      isOverwritten = true;
    };
    const backup = backUp(settingsFor(site, {}), quietContext(onEvent));
    await expect(backup).rejects.toMatchObject({ name: 'Failure' });
    expect(readdirSync(site.repository).filter((name) => name !== '.zodbvault.lock')).toEqual([]);
  });
});

describe('hole 7: recovery deletes the old Data.fs before the new one is complete', () => {
  it.each([
    ['a flipped bit', flipBit],
    ['a file cut short', (bytes: Buffer) => bytes.subarray(0, 5000)],
  ])('is not here: with %s in the backup the old file stays as it was', async (_, damage) => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    const [name = ''] = site.dataFiles();
    const path = join(site.repository, name);
    const bytes = readFileSync(path);
    writeFileSync(path, damage(bytes));
    await growDatabase(site.dataFs, { transactions: 1 });
    const before = snapshot(join(site.dataFs, '..'));
    for (const words of [
      ['restore', '--no-prompt'],
      ['repozo', '-R', '-r', site.repository, '-o', site.dataFs],
    ]) {
      const finished = await site.run(words);
      expect(finished.status).toBe(1);
      expect(finished.stderr).toContain(name);
      expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
    }
  });
});

describe('hole 8: a lost increment is not noticed', () => {
  it('is not here: restore and verify name the file, an earlier date is still restored', async () => {
    const site = await newSite(scratch);
    const states: Buffer[] = [];
    for (let count = 0; count < 4; count++) {
      await site.runWell('backup');
      states.push(readFileSync(site.dataFs));
      await growDatabase(site.dataFs, { transactions: 2 });
    }
    const [, second = '', third = ''] = site.dataFiles();
    rmSync(join(site.repository, third));
    for (const words of [
      ['restore', '--to', 'out.fs'],
      ['repozo', '-R', '-r', site.repository, '-o', join(site.folder, 'out.fs')],
      ['repozo', '-V', '-r', site.repository],
      ['verify'],
    ]) {
      const finished = await site.run(words);
      expect([words[0], finished.status]).toEqual([words[0], 1]);
      expect(finished.stderr).toContain(third);
    }
    expect(readdirSync(site.folder)).not.toContain('out.fs');
    await site.runWell('restore', second.slice(0, 19), '--to', 'out.fs');
    expect(readFileSync(join(site.folder, 'out.fs')).equals(states[1] ?? Buffer.alloc(0))).toBe(
      true,
    );
    expect((await site.run(['restore', '--to', 'out.fs'])).stderr).toContain('an earlier date');
    // The chain that is broken is not continued.
    expect((await site.runWarned('backup', '-v')).stderr).toContain('Full backup');
    await site.runWell('restore', '--to', 'out.fs', '-n');
  });
});

describe('hole 9: thorough mode reads the source twice', () => {
  it('is not here: the comparison reads each byte that was backed up once', async () => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 10, bytesEach: 300_000 });
    await site.runWell('backup');
    const { chain, store } = await newestChain(site.repository);
    await using source = await openFileSource(site.dataFs);
    const counted = countingSource(source);
    const compared = await compareThoroughly(counted.source, { store, chain, progress: UNWATCHED });
    expect(compared).toEqual({ kind: 'same' });
    expect(counted.bytes()).toBe(source.sizeBytes);
  });

  it('finds one other byte anywhere, which quick mode may not', async () => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 40, bytesEach: 200_000 });
    await site.runWell('backup');
    const bytes = readFileSync(site.dataFs);
    const place = 4_000_001;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    writeFileSync(site.dataFs, bytes);
    expect((await site.runWarned('backup', '--no-quick', '-v')).stderr).toContain('Full backup');
  });
});

describe('hole 10: restoring always starts from nothing', () => {
  it('is not here: a stand-by that is an earlier state gets what is new', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await site.runWell('restore', '--to', 'standby/Data.fs');
    const standby = join(site.folder, 'standby/Data.fs');
    const { ino, size } = statSync(standby);
    await growDatabase(site.dataFs, { transactions: 5 });
    await site.runWell('backup');
    const said = (await site.runWell('restore', '--to', 'standby/Data.fs', '-n')).stderr;
    expect(said).toContain('appended');
    expect(statSync(standby).ino).toBe(ino);
    expect(statSync(standby).size).toBeGreaterThan(size);
    expect(readFileSync(standby).equals(readFileSync(site.dataFs))).toBe(true);
    const index = readFileSync(`${site.dataFs}.index`);
    expect(readFileSync(`${standby}.index`).equals(index)).toBe(true);
  });

  it('falls back to a whole restore where the file is anything else', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await site.runWell('restore', '--to', 'standby.fs');
    const standby = join(site.folder, 'standby.fs');
    const bytes = readFileSync(standby);
    bytes.writeUInt8(bytes.readUInt8(3000) ^ 1, 3000);
    writeFileSync(standby, bytes);
    await growDatabase(site.dataFs, { transactions: 5 });
    await site.runWell('backup');
    const said = (await site.runWell('restore', '--to', 'standby.fs', '-n')).stderr;
    expect(said).not.toContain('appended');
    expect(readFileSync(standby).equals(readFileSync(site.dataFs))).toBe(true);
  });

  it('leaves the stand-by as it was when an increment is damaged', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup');
    await site.runWell('restore', '--to', 'standby.fs');
    const standby = join(site.folder, 'standby.fs');
    const before = readFileSync(standby);
    await growDatabase(site.dataFs, { transactions: 5 });
    await site.runWell('backup');
    const increment = join(site.repository, site.dataFiles()[1] ?? '');
    const bytes = readFileSync(increment);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20);
    writeFileSync(increment, bytes);
    const finished = await site.run(['restore', '--to', 'standby.fs', '-n']);
    expect(finished.status).toBe(1);
    expect(readFileSync(standby).equals(before)).toBe(true);
    appendFileSync(standby, 'debris');
    expect((await site.run(['restore', '--to', 'standby.fs', '-n'])).status).toBe(1);
    expect(readFileSync(standby).subarray(0, before.length).equals(before)).toBe(true);
  });
});

function settingsFor(
  { dataFs, repository }: { readonly dataFs: string; readonly repository: string },
  changes: Partial<BackupSettings>,
): BackupSettings {
  return {
    dataFs,
    repository,
    full: 'when-needed',
    comparison: 'quick',
    compression: { kind: 'gzip', compressor: 'node', level: undefined },
    keep: 0,
    pruneAfter: 'every-backup',
    missingRepository: 'make',
    confirmation: 'reread',
    now: () => new Date(),
    random: Math.random,
    ...changes,
  };
}

async function newestChain(repository: string): Promise<{
  readonly chain: Chain;
  readonly store: ReturnType<typeof folderStore>;
}> {
  const store = folderStore(repository);
  const files = catalogueOf(await store.list()).chains.at(-1);
  if (files === undefined) throw new Error('no chain');
  return { chain: await readChain(store, files), store };
}

function flipBit(bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  return flipped;
}

/** Counts the bytes that are asked of a source. */
function countingSource(source: ByteSource): { source: ByteSource; bytes: () => number } {
  let bytes = 0;
  const counting: ByteSource = {
    name: source.name,
    sizeBytes: source.sizeBytes,
    read: (range) => {
      bytes += range.end - range.start;
      return source.read(range);
    },
    readInto: (target, position) => {
      bytes += target.length;
      return source.readInto(target, position);
    },
    stream: (range) => {
      bytes += range.end - range.start;
      return source.stream(range);
    },
  };
  return { source: counting, bytes: () => bytes };
}
