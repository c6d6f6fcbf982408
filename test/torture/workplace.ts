import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Makes a folder like another one: with its hard links, links and times. */
export async function copyFolder(from: string, to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  const child = spawn('cp', ['-a', from, to], { stdio: ['ignore', 'ignore', 'inherit'] });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`cp -a ${from} ${to} ended with ${status}`);
}
