import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore, StoredObject } from '../../src/stores/objects/object-store.ts';
import { openSftpObjects } from '../../src/stores/objects/sftp/sftp-objects.ts';
import type { SshServer } from './ssh-server.ts';

let folders = 0;

/** A folder of its own on a server. */
export function newFolderOn(server: SshServer): string {
  const folder = join(server.root, String(++folders));
  mkdirSync(folder);
  return folder;
}

/** The objects in a folder of a server. @param port - under which it is reached */
export function openOn(server: SshServer, folder = newFolderOn(server), port = server.port) {
  const { knownHosts, userKey: identityFile } = server;
  return openSftpObjects(server.address(folder, port), { knownHosts, identityFile });
}

/** The names of all files in a folder, with those that aren't complete. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** All objects whose key begins so. */
export async function listed(store: ObjectStore, prefix = ''): Promise<readonly StoredObject[]> {
  const all: StoredObject[] = [];
  for await (const page of store.pages(prefix)) all.push(...page);
  return all;
}
