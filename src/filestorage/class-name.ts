import { Failure } from '../system/failure.ts';
import { decodeRecordClass } from './pickle/record-pickle.ts';
import { unwrapHead } from './pickle/stored-record.ts';

/**
 * The class of a record that begins so: `module.name`; `? (".e")` where a wrapper of the storage has changed the
 * record, with the mark that it begins with; `?` where it is damaged or gives its class in another way.
 */
export function classNameOf(head: Uint8Array): string {
  try {
    const record = unwrapHead(head);
    switch (record.kind) {
      case 'pickles':
        return decodeRecordClass(record.bytes) ?? '?';
      case 'wrapped':
        return `? ("${record.mark}")`;
      case 'too-large':
        return '?';
      default:
        return record satisfies never;
    }
  } catch (error) {
    if (error instanceof Failure) return '?';
    throw error;
  }
}
