import type { Oid } from '../../filestorage/oid.ts';

/**
 * Where an object leads that is to be exported, and what must not come with it:
 *
 * - `ancestor`: a folder in which it lies, the site or the application
 * - `entry`: an object that lies in a folder outside of it
 * - `weak`: a weak reference; importers know none
 * - `elsewhere`: an object of another database
 * - `missing`: an object that has no record
 * - `no-blob`: a blob of which no copy has the bytes
 */
export interface Stop {
  readonly kind: 'ancestor' | 'entry' | 'weak' | 'elsewhere' | 'missing' | 'no-blob';
  /** The way from the exported object, as Python writes it: `.related.to_object`. */
  readonly attribute: string;
  /** `module.name` of the object that has the last attribute of the way. */
  readonly ownerClass: string | undefined;
  readonly oid: Oid;
  /** `module.name` of what it leads to, where that is known. */
  readonly className: string | undefined;
  /** The path of what it leads to, of an ancestor or an entry. */
  readonly path: string | undefined;
}
