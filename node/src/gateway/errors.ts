import { KernelError } from '@hansa/protocols'

export type GatewayErrorDetail =
  /** Somebody listens there already. */
  | { code: 'address_in_use'; address: string }
  /** This machine has no such address, or may not listen there. */
  | { code: 'address_unusable'; address: string; reason: string }
  /** Other machines would speak plain HTTP with it, which peers refuse. */
  | { code: 'plain_http_off_host'; address: string }

export class GatewayError extends KernelError<GatewayErrorDetail> {
  override readonly name = 'GatewayError'
}
