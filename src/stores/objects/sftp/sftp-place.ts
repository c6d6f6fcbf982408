import { requireKey } from '../object-key.ts';
import { parentOf } from './parent-of.ts';
import type { RemotePath } from './remote-file.ts';
import type { RemoteFolders } from './remote-folders.ts';
import { pathIn } from './sftp-address.ts';
import type { SftpLink } from './sftp-link.ts';

/** The folder on a server in which objects are. */
export interface SftpPlace {
  readonly link: SftpLink;
  /** As the server takes it. */
  readonly root: string;
  /** How messages call it. */
  readonly name: string;
  readonly folders: RemoteFolders;
}

/** Where an object is. Failure `usage` for what can be no key. */
export function remotePathOf(place: SftpPlace, key: string): RemotePath {
  requireKey(key);
  return { path: pathIn(place.root, key), name: nameIn(place, key) };
}

/** How messages call an object. */
export function nameIn({ name }: Pick<SftpPlace, 'name'>, key: string): string {
  return `${name.replace(/\/$/, '')}/${key}`;
}

/** Something in the folder of a key. */
export function besideKey(key: string, name: string): string {
  const folder = parentOf(key);
  return folder === '' ? name : `${folder}/${name}`;
}

/** The last name of a key. */
export function lastNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
