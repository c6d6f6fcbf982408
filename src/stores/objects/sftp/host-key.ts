import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { leadsNowhere } from '../../../system/absent.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import {
  judgeHostKey,
  type KnownHost,
  knownAs,
  knownKeyTypes,
  parseKnownHosts,
  type ServerName,
  typeIn,
} from './known-hosts.ts';
import { SSH_PORT } from './sftp-address.ts';

/** The key algorithms that a server is asked for, those without SHA-1, and the types of keys that they work with. */
const ALGORITHMS = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
] as const;

export type HostKeyAlgorithm = (typeof ALGORITHMS)[number][0];

/** What is known of one server, and where a person would write down more. */
export interface Acquaintance {
  readonly server: ServerName;
  readonly known: readonly KnownHost[];
  /** The file to which a new key is added. */
  readonly file: string;
}

/**
 * Reads what is known of a server.
 *
 * @param file - a file of known hosts; undefined: those of the user and of the system, as ssh reads them
 */
export async function acquaintanceWith(
  server: ServerName,
  file: string | undefined,
): Promise<Acquaintance> {
  const own = join(homedir(), '.ssh/known_hosts');
  const files = file === undefined ? [own, `${own}2`, ...SYSTEM_FILES] : [file];
  const known: KnownHost[] = [];
  for (const path of files) {
    const text = await withSystemErrors(`read "${path}"`, () =>
      readFile(path, 'utf8').catch(leadsNowhere),
    );
    known.push(...parseKnownHosts(text ?? '', path));
  }
  return { server, known, file: file ?? own };
}

const SYSTEM_FILES = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** The algorithms to ask for: first those for which a key of the server is known. */
export function algorithmsFor({ known, server }: Acquaintance): HostKeyAlgorithm[] {
  const types = knownKeyTypes(known, server);
  const isKnown = ([, type]: (typeof ALGORITHMS)[number]) => types.includes(type);
  const sorted = [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((one) => !isKnown(one))];
  return sorted.map(([algorithm]) => algorithm);
}

/** Why the key of a server can't be trusted: failure `refused`. Undefined where it is known. */
export function distrust(key: Buffer, { known, server, file }: Acquaintance): Failure | undefined {
  const verdict = judgeHostKey(known, server, key);
  const shown = `its key ${typeIn(key)} ${fingerprintOf(key)}`;
  const cannot = `Cannot trust the server "${knownAs(server)}": ${shown}`;
  const add = `${keyscanLine(server, key)} >> ${quoteWord(file)}`;
  switch (verdict.kind) {
    case 'known':
      return undefined;
    case 'unknown':
      return new Failure('refused', `${cannot} is not in "${file}"`, {
        hint: `Compare this fingerprint with what the administrator of the server says. If it is the same, add the key: ${add}`,
      });
    case 'changed': {
      const { line, file: changed } = verdict.by;
      const forget = `ssh-keygen -R ${quoteWord(knownAs(server))} -f ${quoteWord(changed)}`;
      return new Failure('refused', `${cannot} is not the one in line ${line} of "${changed}"`, {
        hint: `Somebody may stand between you and the server, or it has a new key. Ask its administrator. If the fingerprint is right, forget the old key (${forget}) and add the new one: ${add}`,
      });
    }
    case 'revoked':
      return new Failure(
        'refused',
        `${cannot} was revoked in line ${verdict.by.line} of "${verdict.by.file}"`,
        { hint: 'Somebody else may have this key. Ask the administrator of the server.' },
      );
    default:
      return verdict satisfies never;
  }
}

/** As ssh shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** What a person runs to get the key in the form of a file of known hosts. */
function keyscanLine({ host, port }: ServerName, key: Buffer): string {
  const [family = ''] = typeIn(key).replace(/^ssh-/, '').split('-');
  const words = ['-t', family, ...(port === SSH_PORT ? [] : ['-p', String(port)]), host];
  return ['ssh-keyscan', ...words].map(quoteWord).join(' ');
}
