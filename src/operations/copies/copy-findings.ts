/** Something in a copy that isn't as it should be. */
export interface CopyFinding {
  /** How messages call the object. */
  readonly object: string;
  readonly state: ObjectState;
}

export type ObjectState =
  /** A record names it, and it isn't there. */
  | 'missing'
  /** It has another size, or other bytes, than a record says. */
  | 'size'
  | 'checksum'
  /** It is none of ours, or of a later version. */
  | 'unreadable'
  /** The record names another one than that which came before it. */
  | 'other-before'
  /** The record that came before it is gone, and nothing says that somebody removed it. */
  | 'gap'
  /** Another record has its number. */
  | 'number-twice'
  /** The line of the seal is of a later record than all that are there. */
  | 'ends-before-line'
  /** It isn't the record of the line. */
  | 'other-than-line'
  /** Restore points are there that were removed when the line was written. */
  | 'more-than-line'
  /** The backup that is here, of the same moment, has other bytes. */
  | 'other-than-local';
