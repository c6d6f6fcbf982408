import { findProgram, runProgram } from '../processes/programs.ts';

/**
 * Asks the kernel to forget what it remembers of a file that was synced, so that who reads it next
 * meets the disk. Node has no `posix_fadvise(2)`; GNU `dd` has. Where that doesn't help, the file is read
 * from memory, which proves less, and nothing else is different.
 */
export async function dropFromCache(path: string, signal: AbortSignal): Promise<void> {
  const dd = await findProgram('dd');
  if (dd === undefined) return;
  const argv = [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none'];
  await runProgram({ path: dd, arguments: argv }, { onOutput: () => {}, signal }).catch(() => {});
  signal.throwIfAborted();
}
