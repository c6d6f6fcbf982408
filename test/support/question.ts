import { spawn } from 'node:child_process';
import { COMMAND } from './command.ts';

/** Runs a program that asks, and answers yes; what may come in between is done when it has asked. */
export async function answerYes(
  words: readonly string[],
  { cwd, meanwhile }: { readonly cwd: string; readonly meanwhile: () => Promise<unknown> },
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { cwd, env: { ...process.env, TZ: 'UTC' } });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const asked = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('Are you sure?')) resolve();
    });
  });
  await Promise.race([asked, ended]);
  await meanwhile();
  child.stdin.on('error', () => {});
  child.stdin.end('yes\n');
  return { status: await ended, stderr };
}

/** The words that run the built `zodbvault`. */
export function zodbvaultWords(...words: readonly string[]): readonly string[] {
  return [process.execPath, COMMAND, ...words];
}
