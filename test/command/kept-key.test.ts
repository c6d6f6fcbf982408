import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { filesBelow } from '../support/copied-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, type TestSite } from '../support/site.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();
const PASSPHRASE = 'six words that a dice chose';
/** A machine that has nothing. */
const elsewhere = join(scratch, 'elsewhere');
const nas = join(scratch, 'nas');
let site: TestSite;
let recipient: string;

function configure(keyFile: string): void {
  const words = `recipients = "${recipient}", key_file = "${keyFile}"`;
  const toml = `copies = [{ url = "${nas}", name = "nas", site = "plone", ${words} }]\n`;
  writeFileSync(join(site.folder, 'zodbvault.toml'), toml);
}

async function restoreWith(passphrase: string, to: string) {
  const session = onTerminal(['restore', '-n', '--from', nas, '--to', to], elsewhere);
  await session.waitFor('Passphrase of ');
  session.type(`${passphrase}\r`);
  return { ...(await session.ended), text: session.text() };
}

beforeAll(async () => {
  mkdirSync(elsewhere);
  mkdirSync(nas);
  site = await newSite(scratch, 25);
  const session = onTerminal(['keygen', '-o', 'key.age', '--passphrase'], site.folder);
  for (const prompt of ['Passphrase: ', 'The same again: ']) {
    await session.waitFor(prompt);
    session.type(`${PASSPHRASE}\r`);
  }
  expect((await session.ended).status).toBe(0);
  [recipient = ''] = /age1[a-z0-9]{58}/.exec(session.text()) ?? [];
}, 60_000);

describe('a key that the copy keeps', () => {
  it('is taken only if a passphrase encrypts it', async () => {
    await zodbvault(['keygen', '-o', join(site.folder, 'open.txt')], { cwd: elsewhere });
    configure('open.txt');
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(3);
    expect(stderr).toContain('no passphrase encrypts it');
    configure('not-there.age');
    expect((await site.run(['copy'])).stderr).toContain('it does not exist');
    const secrets = filesBelow(nas).filter((path) =>
      readFileSync(join(nas, path)).includes('AGE-SECRET-KEY'),
    );
    expect(secrets).toEqual([]);
  });

  it('lets whoever has the place and the passphrase restore the site', async () => {
    configure('key.age');
    await site.runWell('copy');
    expect(readdirSync(join(nas, 'sites/plone/keys')).length).toBe(1);
    const to = join(elsewhere, 'restored');
    const restored = await restoreWith(PASSPHRASE, to);
    expect([restored.status, restored.text.includes('dice')]).toEqual([0, false]);
    expect(sameBytes(join(to, 'filestorage/Data.fs'), site.dataFs)).toBe(true);
  }, 60_000);

  it('opens nothing with another passphrase', async () => {
    const to = join(elsewhere, 'never');
    const { status, text } = await restoreWith('six other words', to);
    expect(status).toBe(1);
    expect(text).toContain('does not open it');
    expect(existsSync(to)).toBe(false);
  }, 60_000);

  it('is not asked for by a list', async () => {
    const { status, stdout } = await zodbvault(['list', '--from', nas], { cwd: elsewhere });
    expect(status).toBe(0);
    expect(stdout).toContain('full');
  });

  it('stays the same when the copy gets more', async () => {
    await site.runWell('backup', '--full');
    expect(readdirSync(join(nas, 'sites/plone/keys')).length).toBe(1);
  });
});
