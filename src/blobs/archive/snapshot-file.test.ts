import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveAsRecipe } from '../../../test/support/archives.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { inspectArchive, type ListedFolder } from './inspect-archive.ts';
import {
  decodeChainState,
  isSameListing,
  listingOf,
  withoutMovedFolders,
} from './snapshot-file.ts';

const scratch = scratchFolder();
const source = join(scratch, 'blobs');
const state = join(scratch, 'chain.snar');
const signal = new AbortController().signal;

async function listingIn(path: string) {
  const folders: ListedFolder[] = [];
  await using file = await openFileSource(path);
  await inspectArchive(file, { signal, onFolder: (folder) => folders.push(folder) });
  return listingOf(folders);
}

const decoded = () => decodeChainState(readFileSync(state)) ?? new Map();

describe('state of a chain', () => {
  mkdirSync(join(source, '0x00/0x01'), { recursive: true });
  writeFileSync(join(source, '0x00/0x01/a.blob'), 'a');
  writeFileSync(join(source, 'é ü'), 'b');
  const [full, delta] = ['full.tar', 'delta.tar.gz'].map((name) => join(scratch, name));

  it('that GNU tar wrote speaks of its last archive, and of no other', async () => {
    archiveAsRecipe(source, { to: full ?? '', state });
    expect([...decoded().keys()].sort()).toEqual(['.', './0x00', './0x00/0x01']);
    expect(isSameListing(decoded(), await listingIn(full ?? ''))).toBe(true);
    rmSync(join(source, 'é ü'));
    mkdirSync(join(source, '0x00/empty'));
    archiveAsRecipe(source, { to: delta ?? '', state });
    expect(isSameListing(decoded(), await listingIn(full ?? ''))).toBe(false);
    expect(isSameListing(decoded(), await listingIn(delta ?? ''))).toBe(true);
  });

  it('loses the inodes of folders that have another one, and nothing else', () => {
    const bytes = readFileSync(state);
    const inodeOf = (folder: Buffer) =>
      lstatSync(join(source, folder.toString()), { bigint: true }).ino;
    expect(withoutMovedFolders(bytes, inodeOf)).toEqual(bytes);
    const moved = withoutMovedFolders(bytes, (folder) =>
      folder.equals(Buffer.from('./0x00')) ? undefined : inodeOf(folder),
    );
    expect(isSameListing(decodeChainState(moved) ?? new Map(), decoded())).toBe(true);
    const inode = String(lstatSync(join(source, '0x00')).ino);
    expect(moved.toString()).toBe(
      bytes.toString().replace(`\0${inode}\0./0x00\0`, '\x000\0./0x00\0'),
    );
    const none = Buffer.from([0x80, 0, 0xff]);
    expect(withoutMovedFolders(none, () => undefined)).toEqual(none);
  });

  it('that is cut, empty or something else is none, or another', () => {
    const bytes = readFileSync(state);
    const whole = decoded();
    for (let length = 0; length < bytes.length; length++) {
      const listing = decodeChainState(bytes.subarray(0, length));
      if (listing !== undefined) expect(isSameListing(listing, whole)).toBe(false);
    }
    expect(decodeChainState(Buffer.from('something else'))).toBeUndefined();
    execFileSync('gzip', ['-k', state]);
    expect(decodeChainState(readFileSync(`${state}.gz`))).toBeUndefined();
  });
});
