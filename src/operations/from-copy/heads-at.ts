import type { CopySettings } from '../../config/model/copy-settings.ts';
import { Failure } from '../../system/failure.ts';
import { openToRead, type ReadAsOf } from './open-to-read.ts';
import { type ListedHead, readSiteHeads } from './site-heads.ts';

/**
 * What the sites have in a place of copies, in the order of their names. Failures: those of `openToRead`; `not-found`
 * where no site has a copy there, or not the one that is named.
 *
 * @param place - a URL or a path
 * @param name - of the only site that is asked for; undefined: all
 */
export async function readHeadsAt(
  place: string,
  {
    name,
    ...opening
  }: ReadAsOf & {
    readonly name: string | undefined;
    readonly access?: CopySettings['access'] | undefined;
  },
): Promise<readonly ListedHead[]> {
  await using objects = await openToRead(place, opening);
  const heads = await readSiteHeads(objects);
  const meant = heads.filter((one) => name === undefined || one.name === name);
  if (meant.length > 0) return meant;
  const what = name === undefined ? 'a copy' : `a copy of "${name}"`;
  throw new Failure('not-found', `Cannot find ${what} in "${objects.name}"`, {
    hint: 'Name the place as the configuration of a site does, with the whole prefix.',
  });
}
