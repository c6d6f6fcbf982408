import type { ExportResult } from '../../operations/content/export-object.ts';

type Stop = ExportResult['stops'][number];

/** Why an object that leads there is not exported. */
export function describeStop(path: string, stop: Stop): string {
  const owner = stop.ownerClass === undefined ? '' : `, an attribute of ${stop.ownerClass},`;
  return `${path}: ${stop.attribute}${owner} ${leadsTo(stop)}`;
}

function leadsTo({ kind, className = 'an object', path }: Stop): string {
  switch (kind) {
    case 'ancestor':
      return `leads to ${path}, in which it lies (${className})`;
    case 'entry':
      return `leads to ${path}, which lies in another folder (${className})`;
    case 'weak':
      return 'is a weak reference, which no import knows';
    case 'elsewhere':
      return `leads into another database (${className})`;
    case 'missing':
      return 'leads to an object that is missing';
    case 'no-blob':
      return 'is a blob, and no copy has its bytes';
    default:
      return kind satisfies never;
  }
}
