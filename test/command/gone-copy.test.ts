import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMAND } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const nas = join(scratch, 'nas');
/** Where the disk is mounted while it isn't. */
const unmounted = join(scratch, 'unmounted');
let site: TestSite;

function configure(name: string): void {
  const toml = `copies = [{ url = "${nas}", name = "nas", site = "${name}" }]\n`;
  writeFileSync(join(site.folder, 'zodbvault.toml'), toml);
}

/** A disk goes, and what is below its path is an empty folder. */
function unmount(): void {
  renameSync(nas, unmounted);
  mkdirSync(nas);
}

beforeAll(async () => {
  mkdirSync(nas);
  site = await newSite(scratch, 3);
  configure('plone');
  await site.runWell('backup');
  await growDatabase(site.dataFs, { transactions: 1 });
  await site.runWell('backup');
}, 60_000);

describe('a place that is empty though a copy was complete there', () => {
  it('gets nothing, until the disk is there again', async () => {
    unmount();
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await site.runWarned('backup');
    expect(stderr).toContain('a copy of 2 restore points was complete there at ');
    const failed = await site.run(['copy']);
    expect([failed.status, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/Is the disk mounted\?.*zodbvault copy --begin-again nas/s),
    ]);
    expect(readdirSync(nas)).toEqual([]);
    const checked = await site.run(['check', '--free', 'off']);
    expect([checked.status, checked.stdout]).toEqual([
      1,
      expect.stringContaining(`"${nas}": nothing of the site "plone" is there`),
    ]);
    // Once: the last backup ended with that warning, too.
    expect(checked.stdout.split('nothing of the site').length).toBe(2);
    rmSync(nas, { recursive: true });
    const missing = await site.run(['list', '--from', 'nas']);
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/or its disk is not mounted\.\n.*Mount the disk/s),
    ]);
    renameSync(unmounted, nas);
    expect((await site.runWell('copy')).stderr).toContain('Copied 1 restore point to nas');
  }, 60_000);

  it('is not verified as a copy without anything wrong', async () => {
    unmount();
    const verified = await site.run(['copy', '--verify']);
    expect([verified.status, verified.stderr]).toEqual([
      1,
      expect.stringMatching(/Cannot verify .*nothing of the site "plone" is there/),
    ]);
    rmSync(nas, { recursive: true });
    renameSync(unmounted, nas);
  });

  it('gets nothing where the first copy failed half-way, too', async () => {
    const half = await newSite(scratch, 3);
    const place = join(scratch, 'half');
    mkdirSync(place);
    await half.runWell('backup');
    await growDatabase(half.dataFs, { transactions: 1 });
    await half.runWell('backup', '--full');
    const [oldest = ''] = half.dataFiles();
    const path = join(half.folder, 'var/backups', oldest);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(1, bytes.length - 20));
    const toml = `copies = [{ url = "${place}", name = "half" }]\n`;
    writeFileSync(join(half.folder, 'zodbvault.toml'), toml);
    expect((await half.run(['copy'])).status).toBe(1);
    renameSync(place, `${place}-unmounted`);
    mkdirSync(place);
    const failed = await half.run(['copy']);
    expect([failed.status, failed.stderr]).toEqual([
      1,
      expect.stringContaining('a copy of 1 restore point was begun there before '),
    ]);
    expect(readdirSync(place)).toEqual([]);
  }, 60_000);

  it('gets nothing where the first copy was killed, and goes on where its beginning is', async () => {
    const killed = await newSite(scratch, 3);
    const place = join(scratch, 'killed');
    mkdirSync(place);
    await killed.runWell('backup');
    const configureLimit = (limit: string) =>
      writeFileSync(
        join(killed.folder, 'zodbvault.toml'),
        `copies = [{ url = "${place}", name = "killed"${limit} }]\n`,
      );
    configureLimit(', bytes_per_second = 1000');
    const run = spawn(process.execPath, [COMMAND, 'copy'], { cwd: killed.folder, stdio: 'ignore' });
    const ended = once(run, 'close');
    const memory = join(killed.repository, '.zodbvault.copies.json');
    while (!existsSync(memory) && run.exitCode === null) await pause(20);
    run.kill('SIGKILL');
    await ended;
    const checked = await killed.run(['check', '--free', 'off']);
    expect([checked.status, checked.stdout]).toEqual([1, expect.stringContaining('killed')]);
    configureLimit('');
    renameSync(place, `${place}-unmounted`);
    mkdirSync(place);
    const failed = await killed.run(['copy']);
    expect([failed.status, failed.stderr]).toEqual([
      1,
      expect.stringContaining('a copy was begun there before '),
    ]);
    expect(readdirSync(place)).toEqual([]);
    rmSync(place, { recursive: true });
    renameSync(`${place}-unmounted`, place);
    expect((await killed.runWell('copy')).stderr).toContain('Copied 1 restore point to killed');
  }, 60_000);

  it('gets everything where that is said, for one copy', async () => {
    unmount();
    const unnamed = await site.run(['copy', '--begin-again']);
    expect([unnamed.status, unnamed.stderr]).toEqual([2, expect.stringContaining('Name one copy')]);
    const { stderr } = await site.runWell('copy', '--begin-again', 'nas');
    expect(stderr).toContain('Copied 3 restore points to nas');
    await site.runWell('copy');
  }, 60_000);

  it('gets a copy under another name beside the first, but none where the first is gone, too', async () => {
    configure('intranet');
    expect((await site.runWell('copy')).stderr).toContain('Copied 3 restore points to nas');
    rmSync(nas, { recursive: true });
    mkdirSync(nas);
    configure('plone');
    expect((await site.run(['copy'])).status).toBe(1);
    expect(readdirSync(nas)).toEqual([]);
  }, 60_000);
});
