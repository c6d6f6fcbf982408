import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderState } from './buildout-site.ts';

/** What a backup of a blob directory must hold: all but `tmp`, locks, savepoints and what a restore kept. */
export function blobState(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(folderState(folder)).filter(
      ([name]) => !/^tmp(\/|$)|\.lock$|\.spb$|\.zodbvault-kept(\/|$)/.test(name),
    ),
  );
}

/** Paths of the committed blobs below a folder, sorted. */
export function blobFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.blob'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
