import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';

/** What is so, and what to do about it. */
export function describeHold(hold: RetentionHold): string {
  switch (hold.kind) {
    case 'lost': {
      const { source, holder } = hold;
      return `"${source}" has lost blobs that "${holder}" has: put them back from there. zodbvault deletes no old backup until they are back. If you do not need them any more, remove "${holder}" by hand`;
    }
    case 'unclear': {
      const { record, state } = hold;
      return `a backup recorded in "${record}" that the live site had lost blobs, and ${state}: zodbvault cannot tell whether they are back, and deletes no old backup. If they are back, or if you do not need them any more, remove "${record}" by hand`;
    }
    default:
      return hold satisfies never;
  }
}
