import type { Frame } from '../kernel/frame.ts'
import type { Code } from './codes.ts'
import { codes } from './codes.ts'
import { KernelError } from './kernel-error.ts'
import type { RefusedBy } from './refused-by.ts'

/** Where in the life of a call it was refused; the names of docs/architecture.md. `remote` is the other kernel's doing. */
export const callStages = ['receive', 'policy', 'token', 'inbound', 'driver', 'outbound', 'audit', 'remote'] as const
export type CallStage = (typeof callStages)[number]

export type CallErrorDetail = {
  code: Code
  /** Names the refusal in the log of the kernel that refused; quote it when asking an operator why. */
  denialId?: string
  callId?: string
  stage?: CallStage
  /** Names the approval to wait for; only with `approval_required`. */
  approvalId?: string
  /** The other kernel, where it has signed that it refused the call and did nothing. */
  refusedBy?: RefusedBy
  /** What the capability says of its failure: a frame of kind `content`, screened like a result. */
  frame?: Frame
}

/** A call, or another request to a kernel, that did not succeed. Thrown by both implementations of `Kernel`. */
export class CallError extends KernelError<CallErrorDetail> {
  override readonly name: string = 'CallError'

  constructor(detail: CallErrorDetail, message?: string, options?: ErrorOptions) {
    super(detail, message ?? describe(detail), options)
  }
}

function describe(detail: CallErrorDetail): string {
  const parts = [`${detail.code}: ${codes[detail.code].meaning}`]
  if (detail.approvalId !== undefined) parts.push(`Approval ${detail.approvalId} is waiting.`)
  if (detail.denialId !== undefined) parts.push(`Denial ${detail.denialId}.`)
  return parts.join(' ')
}
