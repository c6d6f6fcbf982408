import { startIsalPool } from '../../src/system/isal/isal-pool.ts';
import type { Program } from '../../src/system/processes/programs.ts';

/** Whether this program calls ISA-L here and now. */
export async function canCallIsal(program: Program): Promise<boolean> {
  await using pool = await startIsalPool(program);
  return pool !== undefined;
}
