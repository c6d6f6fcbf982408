import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { openObjectStore } from '../../stores/objects/open-object-store.ts';
import { type CopiedSite, type CopyReading, openCopiedSite } from './open-copied-site.ts';
import { objectsOfSite, siteMeant } from './sites-of-copy.ts';

/** Opens a copy that a site has: its data is where it is. Failures: those of the store. */
export async function openCopyOf(
  site: Site,
  { copy, ...reading }: CopyReading & { readonly copy: CopySettings },
): Promise<CopiedSite> {
  const objects = objectsOfSite(await openObjectStore(copy.url, copy.access), copy.site);
  return await openCopiedSite(objects, { ...reading, name: copy.site, live: site });
}

/**
 * Opens the copy of a site in a place that nothing describes. Failures: those of the store; `not-found` where there is
 * no copy; `usage` where there are several, and none is named.
 *
 * @param place - a URL or a path
 * @param name - of the site; undefined: the only one
 */
export async function openCopyAt(
  place: string,
  { name, ...reading }: CopyReading & { readonly name: string | undefined },
): Promise<CopiedSite> {
  const objects = await openObjectStore(place);
  let meant: string;
  try {
    meant = await siteMeant(objects, name);
  } catch (error) {
    await objects[Symbol.asyncDispose]();
    throw error;
  }
  const ofSite = objectsOfSite(objects, meant);
  return await openCopiedSite(ofSite, { ...reading, name: meant, live: undefined });
}
