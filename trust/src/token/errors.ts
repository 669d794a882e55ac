import { KernelError } from '@hansa/protocols'

export type TokenErrorDetail =
  /** The secret that every key of every epoch comes from is shorter than 32 bytes. The process must not start with it. */
  | { code: 'token_root_short'; bytes: number }
  /** What was given to be narrowed is not a token, or would be too long with the caveat. */
  | { code: 'token_not_narrowable' }

export class TokenError extends KernelError<TokenErrorDetail> {
  override readonly name: string = 'TokenError'
}
