import { Option } from '@commander-js/extra-typings';
import { parseIdentities } from '../../system/age/keys.ts';
import { decryptWithPassphrase, isAgeFile } from '../../system/age/passphrase.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { askPassphrase } from '../terminal/passphrase.ts';

/** Hundreds of keys. */
const MOST_BYTES = 1 << 18;

/** Names files with secret keys; each use adds one. */
export const IDENTITY_OPTION = new Option(
  '--identity <file>',
  'a file with the secret key that opens an encrypted copy; several may be named, one after the other',
)
  .argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path])
  .env('ZODBVAULT_IDENTITY');

/**
 * Reads the keys in these files when the first is needed, and only once: it may ask for passphrases. Undefined where no
 * file is named. Failures: `usage` where one holds no key; `not-found`; `refused` where a passphrase is wrong, or
 * nobody types it.
 */
export function identitiesIn(
  paths: readonly string[] | undefined,
): (() => Promise<readonly string[]>) | undefined {
  if (paths === undefined) return undefined;
  let known: Promise<readonly string[]> | undefined;
  return () => {
    known ??= readAll(paths);
    return known;
  };
}

async function readAll(paths: readonly string[]): Promise<readonly string[]> {
  const identities: string[] = [];
  for (const path of paths) identities.push(...(await readFile(path)));
  return identities;
}

async function readFile(path: string): Promise<readonly string[]> {
  await using file = await openFileSource(path);
  const bytes = await file.read({ start: 0, end: Math.min(file.sizeBytes, MOST_BYTES) });
  if (!isAgeFile(bytes)) return parseIdentities(Buffer.from(bytes).toString(), `"${path}"`);
  const passphrase = await askPassphraseOf(path);
  const text = await decryptWithPassphrase(bytes, { passphrase, name: path });
  return parseIdentities(text, `"${path}"`);
}

/** Asks for the passphrase of what has a name. Failures: those of `askPassphrase`. */
export function askPassphraseOf(name: string): Promise<string> {
  return askPassphrase(`Passphrase of ${name}: `, `read the key in "${name}"`);
}
