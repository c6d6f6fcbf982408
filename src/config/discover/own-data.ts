import { resolve, sep } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { isSamePlace, isWithin, placeOf } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Remedy } from '../../system/remedy.ts';

/** What says that another Data.fs is meant. */
type OtherData = Extract<Remedy, { readonly kind: 'say-which-data-fs' }>['other'];

/** Where most sites have it, below their folder. */
const USUAL = 'var/filestorage/Data.fs';

/**
 * A folder may be a copy of a site, with a file in it that names the Data.fs of the original by its whole path:
 * nothing is backed up or replaced there because somebody stands here. Failure `refused` where something that was
 * found names a Data.fs outside of the folder, which has one of its own, in the usual place or where the other
 * site has it.
 *
 * @param found - in words, what was found
 * @param choice - how to say that it is meant all the same
 */
export async function refuseOtherData(
  folder: string,
  {
    dataFs,
    found,
    other,
  }: { readonly dataFs: string; readonly found: string; readonly other: OtherData },
): Promise<void> {
  // By its own path, also where a link in the folder leads it elsewhere.
  if (dataFs.startsWith(folder + sep)) return;
  const place = await placeOf(dataFs);
  if (isWithin(place, await placeOf(folder))) return;
  const names = dataFs.split(sep);
  const likely = [USUAL, ...names.map((_, index) => names.slice(index).join(sep))];
  for (const own of likely.filter((one) => one !== '').map((one) => resolve(folder, `./${one}`))) {
    if (!(await isThere(own)) || isSamePlace(await placeOf(own), place)) continue;
    throw new Failure(
      'refused',
      `Cannot tell which Data.fs is meant: ${found} "${dataFs}", which is not in this folder, but "${own}" is`,
      { hint: { kind: 'say-which-data-fs', own, other } },
    );
  }
}
