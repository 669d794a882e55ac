import { KernelError } from '@hansa/protocols'

export type MeshErrorDetail =
  /** No reply arrived, or the address may not be connected to. Whether the peer acted is not known. */
  | {
      code: 'unreachable'
      endpoint: string
      reason: string
      /** Something answered there, and not as it may: it is not away. */
      answered?: true
    }
  /** A range that an operator configured is not an address and not CIDR notation. */
  | { code: 'invalid_address_range'; range: string }
  /** A record of this kernel's own store does not have the form it was written in. */
  | { code: 'store_corrupt'; namespace: string; key: string }

export class MeshError extends KernelError<MeshErrorDetail> {
  override readonly name = 'MeshError'
}
