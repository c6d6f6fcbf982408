import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';

/** What is so, and what to do about it. */
export function describeHold(hold: RetentionHold): string {
  switch (hold.kind) {
    case 'lost': {
      const { source, holder } = hold;
      return `"${source}" has lost blobs that "${holder}" has: put them back from there. Nothing old is removed until they are back; if they are not needed any more, remove "${holder}" by hand`;
    }
    case 'unclear': {
      const { record, state } = hold;
      return `a backup has noted in "${record}" that the live site had lost blobs, and ${state}: nobody can tell whether they are back. Nothing old is removed; if they are, or if they are not needed any more, remove "${record}" by hand`;
    }
    default:
      return hold satisfies never;
  }
}
