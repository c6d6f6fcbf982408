import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { syncDirectory } from '../../system/files/new-file.ts';
import {
  type BlobDirectory,
  blobPath,
  LAYOUT_FILE,
  readBlobLayout,
  UNCOMMITTED_FOLDER,
} from '../blob-layout.ts';
import type { Oid } from '../oid.ts';
import type { Tid } from '../tid.ts';

/** A revision of a blob. */
export interface BlobRevision {
  readonly oid: Oid;
  readonly tid: Tid;
}

/** Makes the directory as a server does; one that is there keeps the layout that it names. */
export async function openBlobDirectory({ path, layout }: BlobDirectory): Promise<BlobDirectory> {
  return withSystemErrors(`create the blob directory "${path}"`, async () => {
    await makeFolder(join(path, UNCOMMITTED_FOLDER));
    const named = await readBlobLayout(path);
    if (named === undefined) await writeFile(join(path, LAYOUT_FILE), layout);
    return { path, layout: named ?? layout };
  });
}

/** Writes a revision's file, first under `tmp/`, then under its name. */
export async function writeBlob(
  directory: BlobDirectory,
  { revision, content }: { readonly revision: BlobRevision; readonly content: Uint8Array },
): Promise<void> {
  const path = join(directory.path, blobPath(directory.layout, revision));
  await withSystemErrors(`write "${path}"`, async () => {
    const uncommitted = join(
      directory.path,
      UNCOMMITTED_FOLDER,
      `${randomBytes(6).toString('hex')}.tmp`,
    );
    const file = await open(uncommitted, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await makeFolder(dirname(path));
    await rename(uncommitted, path);
    await syncDirectory(dirname(path));
  });
}

/** The content of a revision's file. */
export async function readBlob(directory: BlobDirectory, revision: BlobRevision): Promise<Buffer> {
  const path = join(directory.path, blobPath(directory.layout, revision));
  return withSystemErrors(`read "${path}"`, () => readFile(path));
}

/** Takes a revision's file away again, for a transaction that is given up. */
export async function removeBlob(directory: BlobDirectory, revision: BlobRevision): Promise<void> {
  const path = join(directory.path, blobPath(directory.layout, revision));
  await withSystemErrors(`remove "${path}"`, () => unlink(path));
}
