import * as v from 'valibot';
import type { ObjectSummary } from '../../../operations/content/list-folder.ts';
import { Bytes, Moment, maybe, said } from './values.ts';

/** What the record of an object says of it. */
export const summaryOfObject = {
  className: maybe('`module.name`', v.string()),
  portalType: maybe('of content of Plone and CMF', v.string()),
  title: v.optional(v.string()),
  created: maybe('by the object itself, ISO 8601', v.string()),
  modified: maybe('by the object itself, ISO 8601', v.string()),
  written: said('when the transaction that wrote its record was committed', Moment),
  sizeBytes: said('of its record', Bytes),
};

/** In that order, and nothing else. */
export function summaryAsJson({
  className,
  portalType,
  title,
  created,
  modified,
  written,
  sizeBytes,
}: ObjectSummary): ObjectSummary {
  return { className, portalType, title, created, modified, written, sizeBytes };
}
