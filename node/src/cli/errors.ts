import { KernelError } from '@hansa/protocols'

export type CliErrorDetail =
  /** What was given on the command line cannot be used. */
  | { code: 'usage' }
  /** It was tried and did not succeed. */
  | { code: 'failed' }

/** A command ends here; the message says what happened and what to do. */
export class CliError extends KernelError<CliErrorDetail> {
  override readonly name: string = 'CliError'
}

export function usage(message: string): CliError {
  return new CliError({ code: 'usage' }, message)
}

export function failed(message: string): CliError {
  return new CliError({ code: 'failed' }, message)
}
