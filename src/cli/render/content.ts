import type { ListedEntry } from '../../operations/content/list-folder.ts';

/** Most characters of a title; a program that reads it gets all of it. */
export const TITLE_WIDTH = process.stdout.isTTY ? 50 : Infinity;

/** The type of an object as people call it: that of Plone, or the class. */
export function typeOf({
  portalType,
  className,
}: {
  readonly portalType: string | undefined;
  readonly className: string | undefined;
}): string {
  return portalType ?? className ?? '?';
}

/** Why an entry of a folder can't be looked into; undefined where it can, or where there is no need. */
export function describeEntry(entry: ListedEntry): string | undefined {
  switch (entry.kind) {
    case 'object':
    case 'inside':
      return undefined;
    case 'unreadable':
      return entry.reason;
    case 'elsewhere':
      return `it is in the database "${entry.database}"`;
    case 'nothing':
      return 'its folder names it, and has nothing there';
    default:
      return entry satisfies never;
  }
}
