import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AgentAuthMethod, PublicKeyAuthMethod, utils } from 'ssh2';
import { leadsNowhere } from '../../../system/absent.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';

/** Something to log in with, and how messages call it. */
export interface Identity {
  readonly name: string;
  readonly method: PublicKeyAuthMethod | AgentAuthMethod;
}

/** The files that ssh looks for. */
const USUAL_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/**
 * What to log in with, the first first: the key of a file that was named, or what ssh would try: the agent, then the
 * usual files without a passphrase. A file with a passphrase is left to the agent, since nobody is there to type it.
 * Failures: `not-found`, `usage` for a file that holds no key, `refused` where there is nothing to log in with.
 *
 * @param file - a file with a private key
 */
export async function findIdentities(
  username: string,
  {
    file,
    parseKey,
  }: { readonly file: string | undefined; readonly parseKey: typeof utils.parseKey },
): Promise<readonly Identity[]> {
  const agent = agentOf(username);
  if (file !== undefined) {
    const key = parseKey(await withSystemErrors(`read "${file}"`, () => readFile(file)));
    if (isPrivate(key)) return [{ name: file, method: { type: 'publickey', username, key } }];
    if (agent === undefined) throw unusableKey(file, key);
    return [agent];
  }
  const found: Identity[] = agent === undefined ? [] : [agent];
  for (const path of USUAL_FILES.map((name) => join(homedir(), '.ssh', name))) {
    const content = await withSystemErrors(`read "${path}"`, () =>
      readFile(path).catch(leadsNowhere),
    );
    const key = content === undefined ? undefined : parseKey(content);
    if (isPrivate(key)) found.push({ name: path, method: { type: 'publickey', username, key } });
  }
  if (found.length > 0) return found;
  throw new Failure('refused', `Cannot log in as "${username}": there is no key to do it with`, {
    hint: 'Name a file with a private key, start ssh-agent with one (ssh-add), or make one without a passphrase: ssh-keygen -t ed25519.',
  });
}

function agentOf(username: string): Identity | undefined {
  const agent = process.env['SSH_AUTH_SOCK'];
  if (agent === undefined || agent === '') return undefined;
  return { name: 'ssh-agent', method: { type: 'agent', username, agent } };
}

function isPrivate(key: unknown): key is Exclude<ReturnType<typeof utils.parseKey>, Error> {
  return (
    typeof key === 'object' &&
    key !== null &&
    'isPrivateKey' in key &&
    typeof key.isPrivateKey === 'function' &&
    key.isPrivateKey() === true
  );
}

function unusableKey(file: string, cause: unknown): Failure {
  return new Failure(
    'usage',
    `Cannot log in with "${file}": it is no private key that can be read`,
    {
      hint: 'If the key has a passphrase, give it to ssh-agent (ssh-add) before. Otherwise, name the file of the private key, the one without ".pub".',
      cause,
    },
  );
}
