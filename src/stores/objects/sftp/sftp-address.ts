import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { Failure } from '../../../system/failure.ts';

/** A folder on a server that speaks SFTP. */
export interface SftpAddress {
  readonly user: string;
  /** A name or an address of IPv4 or IPv6, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Its path, without a slash behind it, but for `/`; one that begins with no slash begins at the user's home folder. */
  readonly folder: string;
}

export const SSH_PORT = 22;

/**
 * Reads `sftp://user@host:port/path`. A path that begins with `/~/` begins at the home folder of the user, as with
 * curl. Without a user, it is who runs the program, as with ssh. Failure `usage`.
 */
export function parseSftpUrl(text: string): SftpAddress {
  if (!URL.canParse(text)) throw unusable(text, 'it is no address');
  const url = new URL(text);
  if (url.password !== '') {
    // What has a password in it isn't repeated.
    throw unusable(`sftp://${url.username}@${url.host}`, 'a password stands in it');
  }
  if (url.hostname === '') throw unusable(text, 'it names no server');
  if (url.search !== '' || url.hash !== '') {
    throw unusable(text, '"?" and "#" are written %3F and %23 in a path');
  }
  return {
    user: url.username === '' ? userInfo().username : decoded(url.username, text),
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? SSH_PORT : Number(url.port),
    folder: folderOf(decoded(url.pathname, text)),
  };
}

/** How messages call it: the reverse. */
export function formatSftpUrl({ user, host, port, folder }: SftpAddress): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const path = folder.startsWith('/') ? folder : folder === '.' ? '/~' : `/~/${folder}`;
  const asPath = path.split('/').map(encodeURIComponent).join('/').replaceAll('%7E', '~');
  return `sftp://${encodeURIComponent(user)}@${name}${port === SSH_PORT ? '' : `:${port}`}${asPath}`;
}

/** The path of something in a folder of the server. @param inside - with slashes; empty: the folder itself */
export function pathIn(folder: string, inside: string): string {
  if (inside === '') return folder;
  return folder === '.' ? inside : `${folder.replace(/\/$/, '')}/${inside}`;
}

function folderOf(path: string): string {
  const short = path.replace(/\/+$/, '');
  if (short === '') return '/';
  if (short === '/~') return '.';
  return short.startsWith('/~/') ? short.slice('/~/'.length) : short;
}

function decoded(part: string, whole: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw unusable(whole, 'a "%" in it is followed by no two digits', error);
  }
}

function unusable(text: string, state: string, cause?: unknown): Failure {
  return new Failure('usage', `Cannot use "${text}": ${state}`, {
    hint: 'Write sftp://user@host/path, or sftp://user@host:port/path. The user logs in with a key.',
    cause,
  });
}
