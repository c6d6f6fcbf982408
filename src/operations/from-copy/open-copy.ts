import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { type CopiedSite, type CopyReading, openCopiedSite } from './open-copied-site.ts';
import { type OpenedObjects, openToRead, type ReadAsOf } from './open-to-read.ts';
import { objectsOfSite, siteMeant } from './sites-of-copy.ts';

/**
 * Opens a copy that a site has: its data is where it is. To be written to a folder, it has all that it has, whatever is
 * configured here. Failures: those of `openToRead`; `not-found` where it is
 * of other sites.
 */
export async function openCopyOf(
  site: Site,
  {
    copy,
    called = copy.name,
    beforeMs,
    ...reading
  }: CopyReading &
    ReadAsOf & {
      readonly copy: CopySettings;
      /** See {@link openCopiedSite}; absent: by its name. */
      readonly called?: string;
    },
): Promise<CopiedSite> {
  const objects = await openToRead(copy.url, { access: copy.access, beforeMs });
  const ofSite = objectsOfSite(objects, copy.site);
  const live = reading.folder === undefined ? site : undefined;
  const opened = await openCopiedSite(ofSite, {
    ...reading,
    name: copy.site,
    recipients: copy.recipients,
    called,
    live,
  });
  if (!opened.isEmpty) return opened;
  try {
    // On a new machine, the folder may have another name, and the site with it.
    await siteMeant(objects, copy.site);
    return opened;
  } catch (error) {
    await opened.attached[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens the copy of a site in a place that nothing describes. Failures: those of `openSiteIn`.
 *
 * @param place - a URL or a path
 * @param name - of the site; undefined: the only one
 */
export async function openCopyAt(
  place: string,
  {
    name: named,
    beforeMs,
    ...reading
  }: CopyReading & ReadAsOf & { readonly name: string | undefined },
): Promise<CopiedSite> {
  const { name, objects } = await openSiteIn(place, { name: named, beforeMs });
  return await openCopiedSite(objects, { ...reading, name, called: place, live: undefined });
}

/** What a place has of one site. */
export interface SiteObjects {
  readonly name: string;
  /** Closed by whoever gets it. */
  readonly objects: OpenedObjects;
}

/**
 * Opens what a place has of one site. Failures: those of `openToRead`; `not-found` where there is no copy; `usage` where
 * there are several, and none is named.
 *
 * @param place - a URL or a path
 * @param name - of the site; undefined: the only one
 */
export async function openSiteIn(
  place: string,
  {
    name,
    ...opening
  }: ReadAsOf & {
    readonly name: string | undefined;
    readonly access?: CopySettings['access'];
  },
): Promise<SiteObjects> {
  const objects = await openToRead(place, opening);
  try {
    const meant = await siteMeant(objects, name);
    return { name: meant, objects: objectsOfSite(objects, meant) };
  } catch (error) {
    await objects[Symbol.asyncDispose]();
    throw error;
  }
}

/** The name of the site whose copy is meant there. The same failures. */
export async function siteMeantAt(place: string, name: string | undefined): Promise<string> {
  await using objects = await openToRead(place, { beforeMs: undefined });
  return await siteMeant(objects, name);
}
