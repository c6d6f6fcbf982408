import { failureOfEnd, runProgram } from './programs.ts';

const SCRIPT = 'ZODBVAULT_SCRIPT';
const RUN_SCRIPT = `exec 2>&1\nscript=$${SCRIPT}\nunset ${SCRIPT}\neval "$script"`;

/** Bytes of output that a failure tells. */
const TOLD_BYTES = 4096;

/**
 * Runs somebody's commands in `/bin/sh`, which stops at the first that fails. Standard input is
 * empty; output comes as it is printed. Failure `program`, with the end of the output.
 *
 * @param name - how messages call them
 * @param situation - what that they fail means, as the message begins
 */
export async function runShell(
  script: string,
  {
    name,
    situation,
    environment,
    onOutput,
    signal,
  }: {
    readonly name: string;
    readonly situation: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly onOutput: (output: Uint8Array) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let told = Buffer.alloc(0);
  const end = await runProgram(
    // What it prints to stderr belongs between what it prints to stdout.
    // An argument of a program is shown to everybody by ps; its environment is not, and the commands
    // may hold a password.
    {
      path: '/bin/sh',
      arguments: ['-e', '-c', RUN_SCRIPT],
      environment: { ...environment, [SCRIPT]: script },
    },
    {
      signal,
      onOutput: (output) => {
        told = Buffer.concat([told, output]).subarray(-TOLD_BYTES);
        onOutput(output);
      },
    },
  );
  if (end.status === 0) return;
  const text = told.toString().trim();
  throw failureOfEnd(end, {
    what: `${situation} the ${name} failed`,
    hint: text === '' ? `The ${name} printed nothing; run it by hand.` : `It printed:\n${text}`,
  });
}

/** A word as a shell would take it, for people who want to run a command again. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
