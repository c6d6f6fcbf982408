import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure } from '../../system/failure.ts';

const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Asks for a passphrase in the terminal, which doesn't show it. Failures: `refused` where nobody is there to type it,
 * `interrupted` on Ctrl-C and SIGTERM.
 *
 * @param doing - what it is needed for, as in `read the key`
 */
export async function askPassphrase(prompt: string, doing: string): Promise<string> {
  const noOne = new Failure('refused', `Cannot ${doing}: nobody typed the passphrase`, {
    hint: 'Run the command in a terminal.',
  });
  if (!process.stdin.isTTY) throw noOne;
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  let failure = noOne;
  const stop = () => {
    failure = new Failure('interrupted', 'Stopped while a passphrase was asked for', {
      hint: 'Nothing was changed. Run the command again.',
    });
    reader.close();
  };
  reader.once('SIGINT', stop);
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    // Only now the terminal shows nothing more.
    process.stderr.write(prompt);
    for await (const line of reader) return line;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    reader.close();
    process.stderr.write('\n');
  }
  throw failure;
}
