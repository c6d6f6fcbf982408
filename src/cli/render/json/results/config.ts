import * as v from 'valibot';
import type { ResolvedSite } from '../../../../config/resolve/resolve-site.ts';
import { Label, maybe, ofSite, type Result, said } from '../values.ts';

const Folders = v.strictObject({
  filestorage: said('for backups of the Data.fs', v.string()),
  blobs: v.optional(v.string()),
});

const SiteSchema = v.strictObject({
  ...ofSite,
  storages: said(
    'in the order in which they are backed up',
    v.array(
      v.strictObject({
        storage: Label.storage,
        dataFs: v.string(),
        blobs: maybe('the live blob directory', v.string()),
        isChanges: maybe('whether it contains only the changes of a DemoStorage', v.boolean()),
        folders: v.strictObject({
          backup: Folders,
          snapshot: Folders,
          zip: Folders,
          alternative: v.optional(Folders),
        }),
      }),
    ),
  ),
  settings: v.array(
    v.strictObject({
      name: v.string(),
      value: v.string(),
      from: said('a file with its line, a variable, or `default`', v.string()),
    }),
  ),
  scripts: maybe('for a part of a buildout: the scripts that it makes', v.array(v.string())),
});

export const configResult = {
  sites: v.array(SiteSchema),
  candidates: said(
    'the files and variables that zodbvault looked at, in this order',
    v.array(
      v.strictObject({
        what: v.string(),
        state: v.picklist(['taken', 'passed over']),
        why: v.string(),
      }),
    ),
  ),
};
export type ConfigResult = Result<typeof configResult>;

export function siteAsJson({ site, resolved }: ResolvedSite): v.InferOutput<typeof SiteSchema> {
  return {
    site: site.part,
    storages: site.storages.map(({ name, dataFs, blobs, isChanges, folders }) => ({
      ...{ storage: name, dataFs, blobs, isChanges, folders },
    })),
    settings: resolved.map((one) => ({ ...one })),
  };
}
