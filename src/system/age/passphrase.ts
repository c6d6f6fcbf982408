import { Failure } from '../failure.ts';
import { MOST_HEADER_BYTES } from './header.ts';

/*
 * A small file that a passphrase encrypts: `age -p` makes and reads the same. scrypt takes more than a second for each, so
 * that nobody can try many passphrases: one file is encrypted so, which holds the secret key for all others.
 */

/** How a file of age begins; in the form for mails, its first line. */
const BINARY = 'age-encryption.org/v1\n';
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Whether this is a file of age, in either of its forms. */
export function isAgeFile(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, MOST_HEADER_BYTES)).toString('latin1');
  return text.startsWith(BINARY) || text.trimStart().startsWith(ARMOR);
}

/** Whether this is a file of age that a passphrase opens: a key opens all others. */
export function isForPassphrase(bytes: Uint8Array): boolean {
  if (!isAgeFile(bytes)) return false;
  const text = Buffer.from(bytes).toString('latin1').trimStart();
  const content = text.startsWith(ARMOR)
    ? Buffer.from(text.split('\n').slice(1, -1).join(''), 'base64').toString('latin1')
    : text;
  return content.startsWith(`${BINARY}-> scrypt `);
}

/** The text as a file of age in the form for mails, which people can copy and print. */
export async function encryptWithPassphrase(text: string, passphrase: string): Promise<string> {
  const { Encrypter, armor } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt(text));
}

/** The text in such a file. Failure `refused` where it is another passphrase, or no file that one has encrypted. */
export async function decryptWithPassphrase(
  file: Uint8Array,
  { passphrase, name }: { readonly passphrase: string; readonly name: string },
): Promise<string> {
  const { Decrypter, armor } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  const text = Buffer.from(file).toString('latin1');
  try {
    const bytes = text.trimStart().startsWith(ARMOR) ? armor.decode(text) : file;
    return await decrypter.decrypt(bytes, 'text');
  } catch (error) {
    throw new Failure('refused', `Cannot decrypt "${name}": this passphrase does not open it`, {
      hint: 'Try again; upper and lower case count.',
      cause: error,
    });
  }
}
