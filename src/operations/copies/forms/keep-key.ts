import { keptKeyKey } from '../../../copies/layout/keys.ts';
import { sha256Of } from '../../../copies/store-object.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import { isForPassphrase } from '../../../system/age/passphrase.ts';
import { Failure } from '../../../system/failure.ts';
import { readSmallFile } from '../../../system/files/small-file.ts';

/**
 * Has the copy of a site keep a secret key that a passphrase encrypts. Those that it has kept before stay: they open what
 * was copied then. Failures: `not-found`; `usage` where anybody could use the key who reads the copy.
 */
export async function keepKey(site: ObjectStore, path: string): Promise<void> {
  const text = await readSmallFile(path);
  if (text === undefined) {
    throw new Failure('not-found', `Cannot read the key in "${path}": it does not exist`, {
      hint: 'Correct "key_file" in the settings of the copy, or leave it out.',
    });
  }
  const bytes = Buffer.from(text);
  if (!isForPassphrase(bytes)) {
    throw new Failure('usage', `Cannot keep the key in "${path}": no passphrase encrypts it`, {
      hint: { kind: 'make-key-with-passphrase' },
    });
  }
  const key = keptKeyKey(sha256Of(bytes));
  if ((await site.look(key)) === undefined) await site.put(key, bytes);
}
