/** An object id: 8 bytes, big-endian. A type of its own, so that it never mixes with an offset. */
export type Oid = bigint & { readonly __type: 'Oid' };

/** The oid of the database's root object. */
export const ROOT_OID = 0n as Oid;

/** Reads the 8 bytes at `offset`; the caller has checked that they are there. */
export function decodeOid(view: DataView, offset: number): Oid {
  return view.getBigUint64(offset) as Oid;
}

/** The oid with this number, modulo 2^64. */
export function oidFrom(value: number | bigint): Oid {
  return BigInt.asUintN(64, BigInt(value)) as Oid;
}

/** 16 hex digits. */
export function formatOid(oid: Oid): string {
  return oid.toString(16).padStart(16, '0');
}
