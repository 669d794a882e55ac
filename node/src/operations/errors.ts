import { KernelError } from '@hansa/protocols'

/** The address for health, readiness and metrics cannot be listened on. */
export type OperationsErrorDetail = { code: 'operations_unavailable'; address: string }

export class OperationsError extends KernelError<OperationsErrorDetail> {
  override readonly name = 'OperationsError'
}
