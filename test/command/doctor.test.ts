import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeLeaseRecord,
  type LeaseRecord,
} from '../../src/stores/objects/lease/lease-record.ts';
import { ownIdentity } from '../../src/system/processes/process-identity.ts';
import { zodbvault } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';
import { hasSshServer, SshServer } from '../support/ssh-server.ts';

const scratch = scratchFolder();
let folders = 0;
const newFolder = () => {
  const folder = join(scratch, String(++folders));
  mkdirSync(folder);
  return folder;
};

/** Puts a lock there, as a run on another machine has it. */
function lock(folder: string, change: Partial<LeaseRecord> = {}): void {
  const record: LeaseRecord = {
    format: 1,
    state: 'held',
    owner: 'another',
    counter: 1,
    command: 'backup',
    process: { pid: 4711, host: 'plone2.example.com', boot: 'another' },
    since: '2026-03-01T04:05:06.000Z',
    ...change,
  };
  mkdirSync(join(folder, 'sites/plone'), { recursive: true });
  mkdirSync(join(folder, 'heads'), { recursive: true });
  writeFileSync(join(folder, 'sites/plone/lease.json'), encodeLeaseRecord(record));
  writeFileSync(join(folder, 'heads/plone.json'), '{}');
}

describe('doctor', () => {
  it('tries a folder, says what it can do, and leaves nothing there', async () => {
    const folder = newFolder();
    const { status, stdout } = await zodbvault(['doctor', folder, '--json']);
    expect(status).toBe(0);
    const { writers, trials } = JSON.parse(stdout).places[0];
    expect(writers).toBe('several');
    expect(trials.filter(({ good }: { good: boolean }) => !good)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('tries the places of the copies of the site, all or by their names', async () => {
    const site = await newSite(scratch, 2);
    const [first, second] = [newFolder(), newFolder()];
    const copies = [
      `{ url = ${JSON.stringify(first)}, name = "nas" }`,
      `{ url = ${JSON.stringify(join(scratch, 'gone'))}, name = "gone" }`,
      `{ url = ${JSON.stringify(second)} }`,
    ];
    expect((await site.run(['doctor'])).status).toBe(2);
    writeFileSync(join(site.folder, 'zodbvault.toml'), `copies = [${copies.join(', ')}]\n`);
    const all = await site.run(['doctor', '--json']);
    const placesIn = (stdout: string) =>
      JSON.parse(stdout).places.map(({ place }: { place: string }) => place);
    expect([all.status, placesIn(all.stdout)]).toEqual([1, [first, second]]);
    const named = await site.run(['doctor', 'nas', '--json']);
    expect([named.status, placesIn(named.stdout)]).toEqual([0, [first]]);
    const unknown = await site.run(['doctor', 'tape']);
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('nas, gone')]);
    lock(first);
    expect((await site.run(['unlock', 'nas', '-n'])).stdout).toContain('plone: unlocked');
  });

  it('fails where there is no such place', async () => {
    expect((await zodbvault(['doctor', join(scratch, 'not-there')])).status).toBe(1);
    expect((await zodbvault(['doctor', 'ftp://host/path'])).status).toBe(2);
  });

  it.skipIf(!hasSshServer)(
    'tries a server with SFTP, also one that lacks something (needs sshd, and root)',
    async () => {
      for (const [without, writers, lacking] of [
        [[], 'several', []],
        [['hardlink'], 'one', ['create-once']],
        [['fsync'], 'several', ['sync']],
      ] as const) {
        await using server = await SshServer.start(join(scratch, `server-${++folders}`), {
          without,
        });
        const url = `sftp://root@127.0.0.1:${server.port}${server.root}`;
        const keys = ['--known-hosts', server.knownHosts, '--identity-file', server.userKey];
        const { status, stdout } = await zodbvault(['doctor', url, ...keys, '--json']);
        expect(status).toBe(0);
        const [report] = JSON.parse(stdout).places;
        expect(report.writers).toBe(writers);
        const bad = report.trials.filter(({ good }: { good: boolean }) => !good);
        expect(bad.map(({ ability }: { ability: string }) => ability)).toEqual(lacking);
        expect(readdirSync(server.root)).toEqual([]);
      }
    },
  );
});

describe('unlock', () => {
  it('names who holds the lock, and ends it', async () => {
    const folder = newFolder();
    lock(folder);
    const { status, stdout } = await zodbvault(['unlock', folder, '--no-prompt']);
    expect(status).toBe(0);
    expect(stdout).toContain('plone: locked by "backup", pid 4711 on plone2.example.com');
    expect((await zodbvault(['unlock', folder])).stdout).toContain('Nothing is locked');
  });

  it('changes nothing when nobody agrees', async () => {
    const folder = newFolder();
    lock(folder);
    const said = await zodbvault(['unlock', folder, '--json'], { input: 'no\n' });
    expect(JSON.parse(said.stdout).locks).toMatchObject([{ site: 'plone', outcome: 'declined' }]);
    expect((await zodbvault(['unlock', folder], { input: '' })).status).toBe(1);
    expect(readdirSync(join(folder, 'sites/plone'))).toEqual(['lease.json']);
  });

  it('finds the lock of a site that has no copy yet by its name', async () => {
    const folder = newFolder();
    lock(folder);
    rmSync(join(folder, 'heads'), { recursive: true });
    expect((await zodbvault(['unlock', folder, '-n'])).stdout).toContain('Nothing is locked');
    expect((await zodbvault(['unlock', folder, '-n', '--site', 'plone'])).stdout).toContain(
      'plone: unlocked',
    );
  });

  it('refuses while that run is at work on this machine', async () => {
    const folder = newFolder();
    lock(folder, { process: await ownIdentity() });
    const { status, stderr } = await zodbvault(['unlock', folder, '-n']);
    expect([status, stderr]).toEqual([
      4,
      expect.stringContaining(`process ${process.pid} is at work`),
    ]);
    expect(readdirSync(join(folder, 'sites/plone'))).toEqual(['lease.json']);
  });
});
