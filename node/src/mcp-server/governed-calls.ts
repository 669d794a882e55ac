/**
 * Calls that MCP clients make: each one through the kernel as its caller, with what the client can be asked, what was
 * granted for it, and where what it says meanwhile goes.
 */
import {
  CallError,
  type Clock,
  type Frame,
  type InputRequests,
  type InputResponses,
  type InvokeOptions,
  inputRequestsSchema,
  MCP_APPROVAL_META,
  MCP_IDEMPOTENCY_META,
  MCP_PURPOSE_META,
  mcpRequestMetaSchema,
} from '@hansa/protocols'
import { canonicalJson, encodeBase64url, sha256 } from '@hansa/trust'
import {
  type ClientCapabilities,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import { invokeOptions } from '../control/invoke-options.ts'
import type { Calling } from './calling.ts'
import { GrantedApprovals } from './granted-approvals.ts'
import { acceptedBy, responseTo } from './input-forms.ts'
import { noteRelay } from './note-relay.ts'
import { type PendingInput, PendingInputs } from './pending-inputs.ts'

export type GovernedCallsComponents = {
  kernel: Pick<ControlledKernel, 'invoke'>
  clock: Clock
  /** Milliseconds that a call has. */
  deadlineMs: number
}

export type Asked = {
  ref: string
  args: unknown
  context: ServerContext
  /** What the client said that it can do. */
  client: ClientCapabilities | undefined
}

/** A call that ended, or what it asks of its caller before it goes on. */
export type Outcome = { frame: Frame } | { requests: InputRequests; state: string }

export class GovernedCalls {
  readonly #c: GovernedCallsComponents
  readonly #pending: PendingInputs
  readonly #approvals = new GrantedApprovals()

  constructor(components: GovernedCallsComponents) {
    this.#c = components
    this.#pending = new PendingInputs(components)
  }

  /** For the `requestState` of a request. @throws Error for one that this caller was not given for this method. */
  verify(state: string, owner: string, method: string): PendingInput {
    const found = this.#pending.find(state, owner, method)
    if (found === undefined) throw new Error('unknown requestState')
    return found
  }

  /** @throws CallError, also for what the capability says of its failure; ProtocolError for a request that is none */
  async call(calling: Calling, asked: Asked): Promise<Outcome> {
    const { ref, args, context } = asked
    const action = actionOf(calling.owner, ref, args)
    const continues = this.#answersIn(context, action)
    if (continues !== undefined && 'requests' in continues) return continues
    const options = this.#optionsOf(calling, asked, this.#approvals.find(action))
    try {
      const frame = await this.#c.kernel.invoke(ref, args, {
        ...options,
        ...(continues === undefined ? {} : { continues }),
      })
      this.#approvals.forget(action)
      return frame.kind === 'input_required'
        ? this.#waiting({ owner: calling.owner, action, method: context.mcpReq.method }, frame)
        : { frame }
    } catch (error) {
      if (error instanceof CallError && error.detail.approvalId !== undefined)
        this.#approvals.remember(action, error.detail.approvalId)
      throw error
    }
  }

  #optionsOf(calling: Calling, { ref, context, client }: Asked, granted: string | undefined): InvokeOptions {
    const said = mcpRequestMetaSchema.safeParse(context.mcpReq._meta ?? {})
    if (!said.success)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, '_meta: a member of hansa/ is malformed')
    const {
      [MCP_PURPOSE_META]: purpose,
      [MCP_APPROVAL_META]: approval,
      [MCP_IDEMPOTENCY_META]: idempotencyKey,
    } = said.data
    const approvals = [approval, granted].filter((id) => id !== undefined)
    const signal = AbortSignal.any([context.mcpReq.signal, calling.ends])
    return {
      ...invokeOptions(ref, { purpose, idempotencyKey, approval: approvals }, { ...calling, signal }),
      accepts: acceptedBy(client),
      deadlineMs: this.#c.deadlineMs,
      onNote: noteRelay(context),
    }
  }

  /** @returns what the request answers; once more what was asked, when something of it is missing; undefined for a first request. */
  #answersIn(
    { mcpReq }: ServerContext,
    action: string,
  ): InvokeOptions['continues'] | Extract<Outcome, { state: string }> {
    const pending = mcpReq.requestState<PendingInput | undefined>()
    if (pending === undefined) return undefined
    const { callId, requests } = pending
    if (pending.action !== action) throw new ProtocolError(ProtocolErrorCode.InvalidParams, OTHER_CALL)
    const responses: InputResponses = {}
    for (const [name, request] of Object.entries(requests)) {
      const given = mcpReq.inputResponses
      const response = given !== undefined && Object.hasOwn(given, name) ? responseTo(request, given[name]) : undefined
      if (response === undefined) return { requests, state: this.#pending.keep(pending) }
      responses[name] = response
    }
    this.#pending.forget(callId)
    return { callId, responses }
  }

  #waiting(asking: Pick<PendingInput, 'owner' | 'action' | 'method'>, { callId, value }: Frame): Outcome {
    const requests = inputRequestsSchema.parse(value)
    return { requests, state: this.#pending.keep({ ...asking, callId, requests }) }
  }
}

const OTHER_CALL = 'requestState: It was given for a call with other arguments, or of something else.'

/** The kernel looks at the same again; here it says in whose words a client is told. */
function actionOf(owner: string, ref: string, args: unknown): string {
  return encodeBase64url(sha256(canonicalJson([owner, ref, args])))
}
