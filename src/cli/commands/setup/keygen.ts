import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { formatIdentityFile, newKeyPair } from '../../../system/age/keys.ts';
import { encryptWithPassphrase } from '../../../system/age/passphrase.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { syncDirectory } from '../../../system/files/new-file.ts';
import { isTaken } from '../../../system/files/presence.ts';
import { withOutputOptions } from '../../options/common-options.ts';
import type { KeygenResult } from '../../render/json/results/setup/keygen.ts';
import { askPassphrase } from '../../terminal/passphrase.ts';
import { runCommand } from '../../terminal/run-command.ts';

/** Who else could read it could read all copies. */
const OWNER_ONLY = 0o600;

export function addKeygenCommand(program: Command): void {
  const command = program
    .command('keygen')
    .option('-o, --output <file>', 'write the secret key to this file; by default it is printed')
    .option('--passphrase', 'encrypt the secret key with a passphrase, which is asked for');
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async ({ terminal }) => {
      const path = options.output === undefined ? undefined : resolve(options.output);
      if (path === undefined && terminal.isJson) throw nowhere();
      if (path !== undefined && (await isTaken(path))) throw thereAlready(path);
      const pair = await newKeyPair();
      const plain = formatIdentityFile(pair, new Date());
      const text = options.passphrase
        ? await encryptWithPassphrase(plain, await newPassphrase())
        : plain;
      if (path === undefined) {
        terminal.print(text.trimEnd());
        terminal.log(`The public key is ${pair.recipient}`);
        return undefined;
      }
      await writeKey(path, text);
      terminal.document.result<KeygenResult>({ path, recipient: pair.recipient });
      terminal.print(pair.recipient);
      terminal.log(
        options.passphrase
          ? `Wrote the secret key to ${path}, encrypted with the passphrase. Name it as key_file of the copy, or keep it away from the site, twice. Without this file and the passphrase nobody can read the copies.`
          : `Wrote the secret key to ${path}. Keep it away from the site, and keep a second copy: without it nobody can read the copies.`,
      );
      return undefined;
    }),
  );
}

async function newPassphrase(): Promise<string> {
  const doing = 'encrypt the key';
  const first = await askPassphrase('Passphrase: ', doing);
  if (first === '') {
    throw new Failure('refused', `Cannot ${doing}: the passphrase is empty`, {
      hint: 'Nothing was written. Use five words or more that do not belong together.',
    });
  }
  if ((await askPassphrase('The same again: ', doing)) === first) return first;
  throw new Failure('refused', `Cannot ${doing}: the two passphrases differ`, {
    hint: 'Nothing was written. Try again.',
  });
}

async function writeKey(path: string, text: string): Promise<void> {
  await withSystemErrors(`write "${path}"`, async () => {
    // Another may have written one since: nothing is ever replaced.
    await using file = await open(path, 'wx', OWNER_ONLY);
    await file.writeFile(text);
    await file.sync();
  });
  await syncDirectory(resolve(path, '..'));
}

function thereAlready(path: string): Failure {
  return new Failure('refused', `Cannot write "${path}": it already exists`, {
    hint: 'Whoever lost a key lost what it opens: nothing is replaced. Choose another name.',
  });
}

function nowhere(): Failure {
  return new Failure('usage', 'Cannot print a secret key as JSON', {
    hint: 'Name a file for it with -o FILE.',
  });
}
