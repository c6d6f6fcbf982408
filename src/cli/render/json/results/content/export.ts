import * as v from 'valibot';
import type { ExportResult } from '../../../../../operations/content/export-object.ts';
import { Bytes, Count, Moment, maybe, type Result, said } from '../../values.ts';

const StopSchema = v.strictObject({
  kind: said(
    '`ancestor`: a folder in which it lies. `entry`: something in another folder. `weak`: a weak reference. `elsewhere`: in another database. `missing`: it has no record. `no-blob`: no copy has the bytes',
    v.picklist(['ancestor', 'entry', 'weak', 'elsewhere', 'missing', 'no-blob']),
  ),
  attribute: said('the way to it from the exported object', v.string()),
  ownerClass: maybe('of the object with the last attribute of that way', v.string()),
  className: maybe('of what it leads to', v.string()),
  path: maybe('of what it leads to', v.string()),
});

export const exportResult = {
  path: v.string(),
  asOf: said('of the last transaction of the state that it comes from', Moment),
  file: maybe('that was written', v.string()),
  script: maybe('that imports it', v.string()),
  sizeBytes: maybe('of the file', Bytes),
  objects: Count,
  contents: said('those with a UID', Count),
  blobs: Count,
  blobBytes: Bytes,
  python: said('the version that can import it', v.picklist([2, 3])),
  cut: said('objects in which something was left out', Count),
  stops: said('why no file was written', v.array(StopSchema)),
};
export type ExportResultJson = Result<typeof exportResult>;

export function exportAsJson({ stops, ...exported }: ExportResult): ExportResultJson {
  return {
    ...exported,
    stops: stops.map(({ kind, attribute, ownerClass, className, path }) => {
      return { kind, attribute, ownerClass, className, path };
    }),
  };
}
