import { archiveDamages } from './archives.ts';
import { blobCopyDamages } from './blob-copies.ts';
import type { DamageCase } from './damage-case.ts';
import { dataFileDamages } from './data-files.ts';
import { databaseDamages } from './databases.ts';
import { sideFileDamages } from './side-files.ts';

/** A damage, and the Data.fs that a restore is to give, where that isn't the healthy one. */
export type CataloguedDamage = DamageCase & { readonly backedUp?: Buffer };

/** All damages, in the order of the table in docs/internals/damage.md. */
export const DAMAGES: readonly CataloguedDamage[] = [
  ...dataFileDamages(),
  ...sideFileDamages(),
  ...databaseDamages(),
  ...blobCopyDamages(),
  ...archiveDamages(),
];
