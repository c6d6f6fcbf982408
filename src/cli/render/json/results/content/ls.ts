import * as v from 'valibot';
import type { ListedChild } from '../../../../../operations/content/list-folder.ts';
import { summaryAsJson, summaryOfObject } from '../../content.ts';
import { Id, maybe, type Result, said } from '../../values.ts';

const ChildSchema = v.strictObject({
  name: v.string(),
  path: v.string(),
  is: said(
    '`object`: the rest is what its record says. `inside`: part of the record of its folder. `elsewhere`: in another database. `nothing`: its folder names it, and has nothing there. `unreadable`: see the warning',
    v.picklist(['object', 'inside', 'elsewhere', 'nothing', 'unreadable']),
  ),
  oid: maybe('of an object that has a record', Id),
  ...v.partial(v.strictObject(summaryOfObject)).entries,
});

export const lsResult = {
  path: v.string(),
  children: said('in the order of the folder', v.array(ChildSchema)),
};
export type LsResult = Result<typeof lsResult>;

export function listedAsJson({
  name,
  path,
  entry,
}: ListedChild): v.InferOutput<typeof ChildSchema> {
  const named = { name, path, is: entry.kind };
  switch (entry.kind) {
    case 'object':
      return { ...named, oid: entry.oid, ...summaryAsJson(entry) };
    case 'unreadable':
      return { ...named, oid: entry.oid };
    case 'inside':
      return { ...named, className: entry.className };
    case 'elsewhere':
    case 'nothing':
      return named;
    default:
      return entry satisfies never;
  }
}
