import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { onTerminal, programOnTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();
const hasAge = spawnSync('age', ['--version']).status === 0;
const run = (...words: readonly string[]) => zodbvault(['keygen', ...words], { cwd: scratch });
const pathOf = (name: string) => join(scratch, name);
const RECIPIENT = /^age1[a-z0-9]{58}$/;

describe('keygen', () => {
  it('writes a key that only its owner can read, and prints the public one', async () => {
    const { status, stdout } = await run('-o', 'key.txt');
    expect(status).toBe(0);
    const recipient = stdout.trim();
    expect(recipient).toMatch(RECIPIENT);
    expect(statSync(pathOf('key.txt')).mode & 0o777).toBe(0o600);
    expect(readFileSync(pathOf('key.txt'), 'utf8')).toMatch(
      new RegExp(`^# created: .*Z\n# public key: ${recipient}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$`),
    );
  });

  it.skipIf(!hasAge)('makes keys that age knows (needs age)', async () => {
    const { stdout } = await run('-o', 'known.txt');
    const known = spawnSync('age-keygen', ['-y', pathOf('known.txt')], { encoding: 'utf8' });
    expect(known.stdout).toBe(stdout);
  });

  it('prints the key where no file is named, and never as JSON', async () => {
    const printed = await run('-q');
    expect(printed.stdout).toMatch(/^AGE-SECRET-KEY-1[A-Z0-9]{58}$/m);
    expect(printed.stderr).toBe('');
    const refused = await run('--json');
    expect(refused.status).toBe(2);
    expect(refused.stdout).not.toContain('AGE-SECRET-KEY');
    const { stdout } = await run('--json', '-o', 'json.txt');
    expect(JSON.parse(stdout)).toMatchObject({
      path: pathOf('json.txt'),
      recipient: expect.stringMatching(RECIPIENT),
    });
    expect(stdout).not.toContain('AGE-SECRET-KEY');
  });

  it('replaces no file', async () => {
    writeFileSync(pathOf('old.txt'), 'an older key');
    const { status, stderr } = await run('-o', 'old.txt');
    expect(status).toBe(1);
    expect(stderr).toContain('it already exists');
    expect(readFileSync(pathOf('old.txt'), 'utf8')).toBe('an older key');
  });
});

describe('keygen --passphrase', () => {
  async function typed(name: string, passphrases: readonly [string, string]) {
    const session = onTerminal(['keygen', '-o', name, '--passphrase'], scratch);
    await session.waitFor('Passphrase: ');
    session.type(`${passphrases[0]}\r`);
    await session.waitFor('The same again: ');
    session.type(`${passphrases[1]}\r`);
    return { ...(await session.ended), text: session.text() };
  }

  it('encrypts the key, and shows no letter of the passphrase', async () => {
    const { status, text } = await typed('locked.txt', ['five words', 'five words']);
    expect(status).toBe(0);
    expect(text).toMatch(/age1[a-z0-9]{58}/);
    expect(text).not.toContain('five');
    const file = readFileSync(pathOf('locked.txt'), 'utf8');
    expect(file).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    expect(statSync(pathOf('locked.txt')).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!hasAge)('makes what age decrypts (needs age)', async () => {
    await typed('for-age.txt', ['other words', 'other words']);
    const age = programOnTerminal(['age', '-d', 'for-age.txt'], { cwd: scratch });
    await age.waitFor('passphrase');
    age.type('other words\r');
    await age.waitFor('AGE-SECRET-KEY-1');
    expect((await age.ended).status).toBe(0);
  });

  it('writes nothing where the two differ', async () => {
    const { status, text } = await typed('differ.txt', ['one', 'other']);
    expect(status).toBe(1);
    expect(text).toContain('differ');
    expect(existsSync(pathOf('differ.txt'))).toBe(false);
  });

  it('writes nothing where nobody can type', async () => {
    const { status, stderr } = await run('-o', 'nobody.txt', '--passphrase');
    expect(status).toBe(1);
    expect(stderr).toContain('nobody typed the passphrase');
    expect(existsSync(pathOf('nobody.txt'))).toBe(false);
  });

  it('ends with 130 on Ctrl-C', async () => {
    const session = onTerminal(['keygen', '-o', 'never.txt', '--passphrase'], scratch);
    await session.waitFor('Passphrase: ');
    session.type('\x03');
    expect((await session.ended).status).toBe(130);
    expect(existsSync(pathOf('never.txt'))).toBe(false);
  });
});
