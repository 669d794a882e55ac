import type { Did, Intent } from '@hansa/protocols'
import { RefusalUnsigned } from './refusal-budget.ts'

/** What failed inside while the call of a peer was served; names the call for the log of this node. */
export class CallFault extends Error {
  override readonly name = 'CallFault'
  readonly callId: string
  readonly peer: Did

  constructor({ call_id, iss }: Intent, cause: unknown) {
    super('a call could not be answered', { cause })
    this.callId = call_id
    this.peer = iss
  }
}

/**
 * What has proven who it is from, served.
 * @throws CallFault around whatever is thrown, but RefusalUnsigned as it is.
 */
export async function servedFor<T>(intent: Intent, serve: () => Promise<T>): Promise<T> {
  try {
    return await serve()
  } catch (error) {
    throw error instanceof RefusalUnsigned ? error : new CallFault(intent, error)
  }
}
