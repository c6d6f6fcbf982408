import { createHash } from 'node:crypto';
import type { StoredForm } from '../../../copies/layout/stored-form.ts';
import { hashOf, type ObjectContent } from '../../../copies/store-object.ts';
import { readLink } from '../../../repository/content/read-backup.ts';
import type { BackupRecord } from '../../../repository/layout/backup-record.ts';
import type { ChainLink } from '../../../repository/layout/chain.ts';
import { formatDataFileName } from '../../../repository/layout/file-names.ts';
import type { Store } from '../../../stores/store.ts';
import { tap } from '../../../system/streams/pipeline.ts';

/** A data file as a copy gets it, and as whoever reads the copy sees it. */
export interface FileToCopy {
  readonly name: string;
  readonly content: Omit<ObjectContent, 'key'>;
  /** Its record, when the content was read; absent: it has none. */
  readonly record: () => Promise<BackupRecord | undefined>;
}

/** The file as it is; where it is compressed, and will be again, the bytes of the Data.fs in it. */
export function fileToCopy(
  store: Store,
  { link, form }: { readonly link: ChainLink; readonly form: StoredForm },
): FileToCopy {
  const { file, record } = link;
  if (form.includes('zstd') && file.isGzip) return unzippedFile(store, link);
  const sha256 = record?.stored.sha256;
  return {
    name: file.name,
    content: { read: () => store.read(file.name), sizeBytes: file.storedBytes, sha256 },
    record: async () => record,
  };
}

function unzippedFile(store: Store, link: ChainLink): FileToCopy {
  const { file, range, record } = link;
  const { name } = formatDataFileName({ ...file, isGzip: false });
  const sizeBytes = range.end - range.start;
  let sha256: string | undefined;
  async function* read(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    yield* tap(readLink(store, { link, check: 'checksums' }), (chunk) => hash.update(chunk));
    sha256 = hash.digest('hex');
  }
  return {
    name,
    content: { read, sizeBytes, sha256: undefined },
    record: async () => {
      if (record === undefined) return undefined;
      // A killed run may have brought it.
      const known = sha256 ?? (await hashOf(read()));
      return { ...record, stored: { name, sizeBytes, sha256: known } };
    },
  };
}
