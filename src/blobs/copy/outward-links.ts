import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { adopting, systemCodeOf } from '../../system/failure.ts';
import { countTree } from './count-tree.ts';

/** The links of a tree that lead out of it, or nowhere, as paths below it: what they lead to is none of its files. */
export async function outwardLinks(tree: string, signal: AbortSignal): Promise<readonly string[]> {
  const { links } = await countTree(tree, signal);
  if (links.length === 0) return [];
  return adopting(`follow the links in "${tree}"`, async () => {
    const inside = `${await realpath(tree)}${sep}`;
    const outward: string[] = [];
    for (const link of links) {
      const target = await realpath(join(tree, link)).catch(nowhere);
      if (target === undefined || !target.startsWith(inside)) outward.push(link);
    }
    return outward;
  });
}

function nowhere(error: unknown): undefined {
  const code = systemCodeOf(error) ?? '';
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) throw error;
}
