import { fileURLToPath } from 'node:url';
import { Failure } from '../../system/failure.ts';
import { isKey } from './object-key.ts';
import { parseSftpUrl, type SftpAddress } from './sftp/sftp-address.ts';

/** Where objects are. */
export type ObjectPlace =
  | { readonly kind: 'folder'; readonly path: string }
  /** A bucket; the prefix of all keys is empty, or ends with a slash. */
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'sftp'; readonly address: SftpAddress };

/**
 * Reads how people write a place of objects: a path, `file:///mnt/nas/site`, `s3://bucket/prefix`, or
 * `sftp://user@host/path`. Failure `usage` for anything else, which doesn't repeat what may be a password.
 */
export function parseObjectPlace(text: string): ObjectPlace {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      return { kind: 'folder', path: text };
    case 'file':
      return { kind: 'folder', path: pathOfUrl(text) };
    case 's3':
      return bucketOf(rest);
    case 'sftp':
      return { kind: 'sftp', address: parseSftpUrl(text) };
    default:
      throw unusable(`${scheme}:...`, 'nothing is known that begins so');
  }
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw unusable(url, 'it names no path of this machine', error);
  }
}

/** Beside Amazon's rules, old servers take capital letters and underscores. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]$/i;

/** @param rest - what follows `s3:` */
function bucketOf(rest: string): ObjectPlace {
  const [, bucket = '', prefix = ''] = /^\/\/([^/]*)\/*(.*?)\/*$/s.exec(rest) ?? [];
  if (bucket.includes('@')) {
    throw unusable('s3://...@...', 'credentials stand in a file, or in the environment');
  }
  if (!BUCKET.test(bucket)) throw unusable(`s3:${rest}`, 'it has no name of a bucket');
  if (prefix === '') return { kind: 's3', bucket, prefix };
  if (!isKey(prefix)) throw unusable(`s3:${rest}`, 'its prefix is no name for objects');
  return { kind: 's3', bucket, prefix: `${prefix}/` };
}

function unusable(place: string, state: string, cause?: unknown): Failure {
  return new Failure('usage', `Cannot use "${place}": ${state}`, {
    hint: 'Name a folder, as /mnt/nas/site, a bucket, as s3://bucket/prefix, or a server: sftp://user@host/path.',
    cause,
  });
}
