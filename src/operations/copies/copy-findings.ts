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
  /** The backup that is here, of the same moment, has other bytes. */
  | 'other-than-local';
