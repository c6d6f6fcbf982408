import { IsalPool } from '../../src/system/isal/pool.ts';
import type { Program } from '../../src/system/processes/programs.ts';

/** Whether this program calls ISA-L here and now. */
export async function canCallIsal(program: Program): Promise<boolean> {
  await using pool = await IsalPool.start(program);
  return pool !== undefined;
}
