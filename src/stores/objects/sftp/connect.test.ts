import { execFileSync, execSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../test/support/outcome.ts';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import { freePort, hasSshServer, makeKey, SshServer } from '../../../../test/support/ssh-server.ts';
import { Failure } from '../../../system/failure.ts';
import type { SftpSettings } from './connect.ts';
import { openSftpObjects } from './sftp-objects.ts';

const scratch = scratchFolder();
let server: SshServer;
let homes = 0;
const before = { HOME: process.env['HOME'], SSH_AUTH_SOCK: process.env['SSH_AUTH_SOCK'] };

async function login(settings: SftpSettings, on = server): Promise<string> {
  await using store = await openSftpObjects(on.address(), settings);
  return store.name;
}

/** What a person is told. */
async function adviceOf(settings: SftpSettings, on = server): Promise<string> {
  const failure = await login(settings, on).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Failure) || typeof failure.hint !== 'string')
    throw new Error('no advice');
  return `${failure.code}: ${failure.message}. ${failure.hint}`;
}

/** The command in an advice: from a word on, to its end. */
const commandIn = (advice: string, from: string) => advice.slice(advice.indexOf(from));

describe.skipIf(!hasSshServer)('a server (needs sshd, and root)', () => {
  beforeAll(async () => {
    server = await SshServer.start(join(scratch, 'server'), {
      hostKeys: ['ed25519', 'ecdsa', 'rsa'],
    });
  });
  afterAll(() => server.end());
  beforeEach(() => {
    const home = join(scratch, `home-${++homes}`);
    mkdirSync(join(home, '.ssh'), { recursive: true });
    process.env['HOME'] = home;
    delete process.env['SSH_AUTH_SOCK'];
    server.trust(['ed25519', 'ecdsa', 'rsa']);
  });
  afterEach(() => {
    Object.assign(process.env, before);
    if (before.SSH_AUTH_SOCK === undefined) delete process.env['SSH_AUTH_SOCK'];
  });

  const key = () => ({ identityFile: server.userKey });
  const all = () => ({ ...key(), knownHosts: server.knownHosts });
  const inHome = (name: string) => join(process.env['HOME'] ?? '', '.ssh', name);

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('is trusted by its key %s alone', async (type) => {
    server.trust([type]);
    expect(await login(all())).toContain(server.root);
  });

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'that is not known is refused, and what the advice says makes it known (%s)',
    async (type) => {
      await using other = await SshServer.start(join(scratch, `unknown-${type}`), {
        hostKeys: [type],
      });
      const settings = { identityFile: other.userKey };
      const advice = await adviceOf(settings, other);
      const shown = execFileSync('ssh-keygen', ['-lf', `${other.hostKey(type)}.pub`], {
        encoding: 'utf8',
      });
      expect(advice).toMatch(/^refused: Cannot trust/);
      expect(advice).toContain(shown.split(' ')[1]);
      execSync(commandIn(advice, 'ssh-keyscan'), { stdio: 'ignore' });
      expect(await login(settings, other)).toContain(other.root);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', inHome('known_hosts')], { stdio: 'ignore' });
      expect(readFileSync(inHome('known_hosts'), 'utf8')).not.toContain('127.0.0.1');
      expect(await login(settings, other)).toContain(other.root);
    },
  );

  it('with another key than before is refused, and what the advice says forgets the old one', async () => {
    await using other = await SshServer.start(join(scratch, 'changed'));
    const settings = { identityFile: other.userKey, knownHosts: other.knownHosts };
    await other.end();
    for (const name of ['host-ed25519', 'host-ed25519.pub']) {
      renameSync(join(other.state, name), join(other.state, `old-${name}`));
    }
    makeKey(other.hostKey('ed25519'), 'ed25519');
    await other.begin();
    const advice = await adviceOf(settings, other);
    expect(advice).toMatch(/^refused: .* is not the one in line 1 of/);
    execSync(commandIn(advice, 'ssh-keygen').split(') ')[0] ?? '', { stdio: 'ignore' });
    execSync(commandIn(advice, 'ssh-keyscan'), { stdio: 'ignore' });
    expect(await login(settings, other)).toContain(other.root);
  });

  it('whose key was revoked is refused, though it is known', async () => {
    const [line = ''] = readFileSync(server.knownHosts, 'utf8').split('\n');
    server.trust(['ed25519']);
    appendFileSync(server.knownHosts, `@revoked * ${line.split(' ').slice(1).join(' ')}\n`);
    expect(await adviceOf(all())).toMatch(/^refused: .* was revoked in line 2 of/);
  });

  it('that does not answer, or is none, is a failure that says so', async () => {
    const address = { ...server.address(), port: await freePort() };
    expect(await outcomeOf(() => openSftpObjects(address, all()))).toMatchObject({
      code: 'system',
      message: expect.stringContaining('nothing answers there'),
    });
    const nowhere = { ...server.address(), host: 'nowhere.invalid' };
    expect(await outcomeOf(() => openSftpObjects(nowhere, all()))).toMatchObject({
      code: 'system',
    });
  });

  it.each(['id_ed25519', 'id_ecdsa', 'id_rsa'])(
    'lets in who has the usual file %s',
    async (name) => {
      writeFileSync(inHome('id_ed25519'), 'no key');
      writeFileSync(inHome(name), readFileSync(server.userKey), { mode: 0o600 });
      expect(await login({ knownHosts: server.knownHosts })).toContain(server.root);
    },
  );

  it('passes over a usual file with a passphrase, and takes the next', async () => {
    makeKey(inHome('id_ed25519'), 'ed25519', 'a passphrase');
    writeFileSync(inHome('id_rsa'), readFileSync(server.userKey), { mode: 0o600 });
    expect(await login({ knownHosts: server.knownHosts })).toContain(server.root);
  });

  it('lets in who has the key in an agent, be it that its file has a passphrase', async () => {
    const words = execFileSync('ssh-agent', ['-s'], { encoding: 'utf8' });
    const [, socket = ''] = /SSH_AUTH_SOCK=([^;]+)/.exec(words) ?? [];
    const [, pid = ''] = /SSH_AGENT_PID=(\d+)/.exec(words) ?? [];
    try {
      process.env['SSH_AUTH_SOCK'] = socket;
      execFileSync('ssh-add', ['-q', server.userKey]);
      const { knownHosts } = server;
      expect(await login({ knownHosts })).toContain(server.root);
      const identityFile = inHome('locked');
      makeKey(identityFile, 'ed25519', 'a passphrase');
      expect(await login({ knownHosts, identityFile })).toContain(server.root);
    } finally {
      process.kill(Number(pid));
    }
  });

  it('is tried with the next identity where the agent is gone', async () => {
    process.env['SSH_AUTH_SOCK'] = join(scratch, 'no-agent');
    writeFileSync(inHome('id_ed25519'), readFileSync(server.userKey), { mode: 0o600 });
    expect(await login({ knownHosts: server.knownHosts })).toContain(server.root);
  });

  it('refuses a key that it does not know, and the failure names what was tried', async () => {
    const identityFile = inHome('other');
    makeKey(identityFile, 'ed25519');
    const advice = await adviceOf({ knownHosts: server.knownHosts, identityFile });
    expect(advice).toMatch(/^refused: Cannot log in at sftp:/);
    expect(advice).toContain(identityFile);
  });

  it('is not asked where there is no key, or none that can be used', async () => {
    const { knownHosts } = server;
    expect(await adviceOf({ knownHosts })).toMatch(/^refused: .* there is no key/);
    const identityFile = inHome('locked');
    makeKey(identityFile, 'ed25519', 'a passphrase');
    expect(await adviceOf({ knownHosts, identityFile })).toMatch(/^usage: .* no private key/);
    const outcome = await outcomeOf(() => login({ knownHosts, identityFile: inHome('none') }));
    expect(outcome).toMatchObject({ code: 'not-found' });
    const publicFile = `${server.userKey}.pub`;
    expect(await adviceOf({ knownHosts, identityFile: publicFile })).toMatch(/^usage: /);
  });
});
