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
    const { mcpReq } = asked.context
    const action = actionOf(calling.owner, asked.ref, asked.args)
    const waits = (frame: Frame): PendingInput => {
      const requests = inputRequestsSchema.parse(frame.value)
      return { owner: calling.owner, action, method: mcpReq.method, callId: frame.callId, requests }
    }
    const pending = mcpReq.requestState<PendingInput | undefined>()
    if (pending !== undefined) return this.#goOn(calling, asked, action, pending, waits)
    const frame = await this.#invoke(calling, asked, action)
    if (frame.kind !== 'input_required') return { frame }
    // A client may know what it will be asked, and answer at once.
    if (mcpReq.inputResponses !== undefined) return this.#goOn(calling, asked, action, waits(frame), waits)
    return this.#ask(waits(frame))
  }

  /** @param pending what is asked for, once more where something of it is missing among the answers */
  async #goOn(
    calling: Calling,
    asked: Asked,
    action: string,
    pending: PendingInput,
    waits: (frame: Frame) => PendingInput,
  ): Promise<Outcome> {
    if (pending.action !== action) throw new ProtocolError(ProtocolErrorCode.InvalidParams, OTHER_CALL)
    const responses = answersIn(pending.requests, asked.context.mcpReq.inputResponses)
    if (responses === undefined) return this.#ask(pending)
    const { callId } = pending
    const frame = await this.#invoke(calling, asked, action, { callId, responses }).catch((error: unknown) => {
      // The call waits on until a person has approved the answers.
      if (!(error instanceof CallError) || error.detail.approvalId === undefined) this.#pending.forget(callId)
      throw error
    })
    this.#pending.forget(callId)
    return frame.kind === 'input_required' ? this.#ask(waits(frame)) : { frame }
  }

  #ask(pending: PendingInput): Outcome {
    return { requests: pending.requests, state: this.#pending.keep(pending) }
  }

  async #invoke(
    calling: Calling,
    asked: Asked,
    action: string,
    continues?: InvokeOptions['continues'],
  ): Promise<Frame> {
    // What is approved of answers is they, to this question.
    const approved = continues === undefined ? action : actionOf(calling.owner, action, continues)
    const options = this.#optionsOf(calling, asked, this.#approvals.find(approved))
    const continuing = continues === undefined ? {} : { continues }
    try {
      const frame = await this.#c.kernel.invoke(asked.ref, asked.args, { ...options, ...continuing })
      this.#approvals.forget(approved)
      return frame
    } catch (error) {
      if (error instanceof CallError && error.detail.approvalId !== undefined)
        this.#approvals.remember(approved, error.detail.approvalId)
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
}

/** @returns an answer for each request; undefined when one is missing, or is none. What nobody asked for is passed over. */
function answersIn(requests: InputRequests, given: Record<string, unknown> | undefined): InputResponses | undefined {
  const responses: InputResponses = {}
  for (const [name, request] of Object.entries(requests)) {
    const response = given !== undefined && Object.hasOwn(given, name) ? responseTo(request, given[name]) : undefined
    if (response === undefined) return undefined
    responses[name] = response
  }
  return responses
}

const OTHER_CALL = 'requestState: It was given for a call with other arguments, or of something else.'

/** The kernel looks at the same again; here it says in whose words a client is told. */
function actionOf(owner: string, ref: string, args: unknown): string {
  return encodeBase64url(sha256(canonicalJson([owner, ref, args])))
}
