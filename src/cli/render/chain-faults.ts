import type { ChainFault } from '../../repository/layout/chain.ts';

/** A fault of a chain, as one sentence. */
export function describeFault(fault: ChainFault): string {
  switch (fault.kind) {
    case 'missing-file':
      return `the file "${fault.fileName}" is missing`;
    case 'gap':
      return `"${fault.fileName}" begins at ${fault.start}, but what is before it ends at ${fault.previousEnd}`;
    case 'missing-dat':
      return `"${fault.fileName}" is missing or empty`;
    case 'broken-dat':
      return fault.state;
    case 'unlisted-file':
      return `"${fault.fileName}" is not listed in the .dat`;
    default:
      return fault satisfies never;
  }
}
