import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../src/system/processes/programs.ts';
import { blobFiles, blobState } from './support/blobs.ts';
import { commitBlob, namesIn } from './support/buildout-site.ts';
import { COMMAND, type Finished, runProgram } from './support/command.ts';
import { countTransactions, growDatabase } from './support/database.ts';
import { documentOf } from './support/document.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const faketime = await findProgram('faketime');
if (faketime === undefined) process.stdout.write('no clocks to set: faketime is not installed\n');

/** Runs the built command while the clock of the machine stands still at a moment (UTC). */
async function at(
  moment: string,
  { site, words, zone = 'UTC' }: { site: TestSite; words: readonly string[]; zone?: string },
): Promise<Finished> {
  const seconds = String(Date.parse(`${moment.replace(' ', 'T')}Z`) / 1000);
  const clock = ['--exclude-monotonic', '-f', seconds];
  const program = [process.execPath, COMMAND, ...words];
  const finished = await runProgram(faketime ?? '', [...clock, ...program], {
    cwd: site.folder,
    env: { FAKETIME_FMT: '%s', TZ: zone },
  });
  if (finished.status === 0) return finished;
  throw new Error(
    `${words.join(' ')} at ${moment} ended with ${finished.status}: ${finished.stderr}`,
  );
}

/** Leaves other bytes, as a disk may: of the same number, and with the same time. */
function damage(path: string): void {
  const { mode, size } = statSync(path);
  const old = `${path}.old`;
  spawnSync('cp', ['--preserve=timestamps', path, old]); // Node.js sets no nanoseconds.
  chmodSync(path, 0o600);
  writeFileSync(path, Buffer.alloc(size));
  spawnSync('touch', ['--reference', old, path]);
  chmodSync(path, mode);
  rmSync(old);
}

/** Backs up at each moment, with one more blob each time; gives the stamps and what they must hold. */
async function backUpAt(
  site: TestSite,
  moments: readonly { readonly moment: string; readonly zone?: string }[],
): Promise<readonly { readonly stamp: string; readonly transactions: number }[]> {
  const made: { readonly stamp: string; readonly transactions: number }[] = [];
  for (const one of moments) {
    await commitBlob(site.dataFs);
    const done = await at(one.moment, { ...one, site, words: ['backup', '--json'] });
    const { stamp } = documentOf(done).backups[0];
    made.push({ stamp, transactions: await countTransactions(site.dataFs) });
  }
  return made;
}

async function expectEachRestores(
  site: TestSite,
  made: readonly { readonly stamp: string; readonly transactions: number }[],
): Promise<void> {
  for (const { stamp, transactions } of made) {
    const out = join(site.folder, 'out', `${stamp}.fs`);
    await site.runWell('restore', stamp, '--to', out, '--no-blobs');
    expect([stamp, await countTransactions(out)]).toEqual([stamp, transactions]);
  }
  const { points } = documentOf(await site.runWell('verify', '--deep', '--all', '--json'));
  expect(points).toHaveLength(made.length);
}

describe.skipIf(faketime === undefined)('clocks (needs faketime)', () => {
  it('gives backups of one second stamps that rise', async () => {
    const site = await newSite(scratch, 3);
    const moment = '2026-05-05 05:05:05';
    const made = await backUpAt(site, [{ moment }, { moment }, { moment }]);
    expect(made.map(({ stamp }) => stamp.slice(-2))).toEqual(['05', '06', '07']);
    await expectEachRestores(site, made);
  });

  it('keeps the order when the clock jumps back a day, and removes by it', async () => {
    const site = await newSite(scratch, 3);
    const made = await backUpAt(site, [
      { moment: '2026-05-05 05:05:05' },
      { moment: '2026-05-04 05:05:05' },
    ]);
    expect(made.map(({ stamp }) => stamp)).toEqual(['2026-05-05-05-05-05', '2026-05-05-05-05-06']);
    await expectEachRestores(site, made);
    const words = ['backup', '--full', '--keep', '1'];
    await at('2026-05-04 05:05:05', { site, words });
    expect(site.dataFiles()).toEqual(['2026-05-05-05-05-07.fsz']);
    const latest = readlinkSync(join(site.folder, 'var/blobstoragebackups/latest'));
    expect(latest).toContain('blobstorage.2026-05-05-05-05-07');
  });

  it('knows the hour that happens twice, and zones of the day, by UTC', async () => {
    const site = await newSite(scratch, 3);
    const zone = 'Europe/Berlin';
    const made = await backUpAt(site, [
      { moment: '2026-10-24 23:30:00', zone: 'Pacific/Auckland' },
      { moment: '2026-10-25 00:30:00', zone }, // 02:30, summer time.
      { moment: '2026-10-25 01:30:00', zone }, // 02:30 again, winter time.
      { moment: '2026-10-25 01:45:00', zone: 'America/New_York' },
    ]);
    expect(made.map(({ stamp }) => stamp)).toEqual([
      '2026-10-24-23-30-00',
      '2026-10-25-00-30-00',
      '2026-10-25-01-30-00',
      '2026-10-25-01-45-00',
    ]);
    await expectEachRestores(site, made);
    const out = join(site.folder, 'first-of-the-two.fs');
    const date = '2026-10-25-01-00-00';
    await at('2026-10-26 00:00:00', { site, words: ['restore', date, '--to', out], zone });
    expect(await countTransactions(out)).toBe(made[1]?.transactions);
  });

  it('that were ahead give no stamp twice, so that no backup takes the blobs of one that was deleted', async () => {
    const site = await newSite(scratch, 3);
    await commitBlob(site.dataFs);
    await at('2031-01-01 00:00:00', { site, words: ['backup'] });
    await commitBlob(site.dataFs);
    await site.runWell('backup', '--keep', '3');
    const deleted = String(site.dataFiles().at(-1)).slice(0, 'yyyy-mm-dd-hh-mm-ss'.length);
    await site.runWell('delete', deleted, '-n');
    await commitBlob(site.dataFs);
    await site.runWell('backup', '--keep', '3');
    expect(site.dataFiles().at(-1)?.slice(0, deleted.length)).toBe('2031-01-01-00-00-02');
    await site.runWell('restore', '-n', '--to', 'out');
    const live = join(site.folder, 'var/blobstorage');
    expect(blobFiles(join(site.folder, 'out/blobstorage'))).toEqual(blobFiles(live));
  });

  it.each(['made', 'rehearsed'])(
    'that were ahead make no copy good that verify --deep finds damaged: %s then',
    async (deed) => {
      const site = await newSite(scratch, 3);
      const backUp = ['backup', '--full', '--keep', '2'];
      const copies = join(site.folder, 'var/blobstoragebackups');
      await commitBlob(site.dataFs);
      await site.runWell(...backUp);
      await commitBlob(site.dataFs);
      const live = join(site.folder, 'var/blobstorage');
      if (deed === 'made') await at('2031-01-01 00:00:00', { site, words: backUp });
      else await site.runWell(...backUp);
      if (deed === 'rehearsed') await at('2031-01-01 00:00:00', { site, words: ['test-restore'] });
      const [first = '', newest = ''] = namesIn(copies).filter((name) => name !== 'latest');
      const [damaged = ''] = blobFiles(live).filter(
        (path) => !existsSync(join(copies, first, 'blobstorage', path)),
      );
      damage(join(copies, newest, 'blobstorage', damaged));
      expect(await site.run(['verify', '--deep'])).toMatchObject({ status: 1 });
      expect((await site.runWell('list')).stdout).toMatch(/BAD/);
      await commitBlob(site.dataFs);
      await site.runWarned(...backUp);
      expect(namesIn(copies)).toContain(first);
      await site.runWell('restore', '-n', '--to', 'out');
      expect(blobState(join(site.folder, 'out/blobstorage'))).toEqual(blobState(live));
    },
  );

  it('that were ahead for some runs remove no blobs by age', async () => {
    const site = await newSite(scratch, 3);
    const lines = ['only_blobs = true', 'keep_blob_days = 14', 'blob_storage = "var/blobstorage"'];
    writeFileSync(join(site.folder, 'zodbvault.toml'), `${lines.join('\n')}\n`);
    for (const day of [
      '2026-11-20',
      '2026-11-21',
      '2036-01-01',
      '2036-01-02',
      '2041-01-01',
      '2026-11-22',
    ]) {
      await commitBlob(site.dataFs);
      await at(`${day} 10:00:00`, { site, words: ['backup'] });
    }
    const copies = namesIn(join(site.folder, 'var/blobstoragebackups'));
    expect(copies.filter((name) => name !== 'latest')).toHaveLength(6);
  });

  it('that were ahead at a restore explain no loss since', async () => {
    const site = await newSite(scratch, 3);
    const backUp = ['backup', '--keep', '1', '--no-blobs'];
    await site.runWell(...backUp);
    await at('2031-01-01 00:00:00', { site, words: ['restore', '-n', '--no-blobs'] });
    const before = join(site.folder, 'before.fs');
    copyFileSync(site.dataFs, before);
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell(...backUp);
    const [full, increment = ''] = site.dataFiles();
    copyFileSync(before, site.dataFs);
    rmSync(`${site.dataFs}.index`, { force: true });
    for (let day = 1; day <= 2; day += 1) {
      await growDatabase(site.dataFs, { transactions: 1 });
      const { stderr } = await site.runWarned(...backUp, '--full');
      expect(stderr).toContain(`lacks the last transactions of "${increment}"`);
      expect(site.dataFiles().slice(0, 2)).toEqual([full, increment]);
    }
  });

  it('that were ahead don’t make a site look backed up', async () => {
    const site = await newSite(scratch, 3);
    await at('2031-01-01 00:00:00', { site, words: ['backup', '--no-blobs'] });
    const check = () => site.run(['check', '--free', 'off']);
    expect(await check()).toMatchObject({
      status: 2,
      stdout: expect.stringContaining('dated 2031-01-01, which is in the future'),
    });
    await site.runWell('backup', '--no-blobs');
    const { status, stdout } = await check();
    expect([status, stdout]).toEqual([1, expect.stringContaining('backed up 0 min ago')]);
  });
});
