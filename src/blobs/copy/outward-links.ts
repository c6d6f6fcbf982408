import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isNowhere } from '../../system/absent.ts';
import { adopting, systemCodeOf } from '../../system/failure.ts';

/** Those links of a tree that lead out of it, or nowhere: what they lead to is none of its files. Paths are below it. */
export async function outwardLinks(
  tree: string,
  links: readonly string[],
): Promise<readonly string[]> {
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

/** Nor where they lead to one another. */
function nowhere(error: unknown): undefined {
  if (!isNowhere(error) && systemCodeOf(error) !== 'ELOOP') throw error;
}
