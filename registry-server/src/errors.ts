import { KernelError } from '@hansa/protocols'

export type RegistryErrorDetail =
  /** It cannot start: every reason at once, each with what to do about it. Nothing was left open. */
  { code: 'registry_cannot_start'; faults: readonly string[] }

export class RegistryError extends KernelError<RegistryErrorDetail> {
  override readonly name: string = 'RegistryError'
}

/** @param faults one sentence each. */
export function cannotStart(faults: readonly string[], options?: ErrorOptions): RegistryError {
  const message = ['The registry cannot start:', ...faults.map((fault) => `  - ${fault}`)].join('\n')
  return new RegistryError({ code: 'registry_cannot_start', faults }, message, options)
}
