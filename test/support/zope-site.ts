import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { siteIn, type TestSite } from './site.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/zope');

/** A site with the database of `test/fixtures/zope`, in the shapes of Zope and Plone. */
export function zopeSiteIn(folder: string): TestSite {
  const site = siteIn(folder);
  cpSync(join(FIXTURE, 'Data.fs'), site.dataFs, { recursive: true });
  cpSync(join(FIXTURE, 'blobs'), join(folder, 'var/blobstorage'), { recursive: true });
  return site;
}
