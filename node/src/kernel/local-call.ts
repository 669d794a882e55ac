/** From what agent code says to a call that the pipeline takes: bounds, defaults, and what a parent call passes on. */
import type { Clock, Did, InputMethod, InvokeOptions, Label } from '@hansa/protocols'
import {
  acceptedInputSchema,
  CallError,
  callIdSchema,
  inputMethods,
  inputResponsesSchema,
  isPrincipal,
  labelsSchema,
  MAX_ARGUMENT_BYTES,
} from '@hansa/protocols'
import { commitTo, newSalt, randomId, unionLabels } from '@hansa/trust'
import type { DerivedSecrets } from './derived-secrets.ts'
import type { Arrived } from './stages.ts'
import type { TokenHolder } from './token-desk.ts'

/** Milliseconds that a call has when it does not say. */
export const DEFAULT_DEADLINE_MS = 10_000
const MAX_DEADLINE_MS = 600_000
/** Kernels that a piece of work may pass (security.md B13). */
const TTL_HOPS = 4
/** What a kernel keeps of a deadline for itself when it passes the rest on (security.md B13). */
const HOP_RESERVE_MS = 50

export type LocalCallComponents = {
  clock: Clock
  secrets: DerivedSecrets
  /** A running call, for `InvokeOptions.parent`. */
  running(callId: string): Arrived | undefined
  defaultPrincipal: string
}

/**
 * @param authenticated holder of a token that was presented, already verified.
 * @throws CallError `invalid_request` for what cannot be a call at all.
 */
export function arriveLocally(
  capability: string,
  args: unknown,
  options: InvokeOptions,
  components: LocalCallComponents,
  authenticated?: TokenHolder,
): Arrived {
  const principal = principalOf(options, components.defaultPrincipal, authenticated?.principal)
  const bytes = bytesOf(options.continues === undefined ? args : continuationOf(args, options.continues))
  const parent = options.parent === undefined ? undefined : components.running(options.parent)
  if (options.parent !== undefined && parent === undefined) throw invalid('the parent call is not running')
  const startedMs = components.clock.now()
  const deadlineMs =
    startedMs + Math.min(Math.max(1, Math.floor(options.deadlineMs ?? DEFAULT_DEADLINE_MS)), MAX_DEADLINE_MS)
  const key = options.idempotencyKey
  const salt = key === undefined ? newSalt() : components.secrets.saltFor(principal, capability, key, bytes)
  return {
    callId: randomId(),
    caller: callerOf(principal, options, authenticated),
    capability,
    args: bytes,
    salt,
    argsCommitment: commitTo(salt, bytes),
    labels: unionLabels(labelsOf(options.labels), parent?.labels ?? []),
    ...(options.purpose === undefined ? {} : { purpose: options.purpose }),
    approvals:
      options.approval === undefined
        ? []
        : typeof options.approval === 'string'
          ? [options.approval]
          : [...options.approval],
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(options.delegation === undefined ? {} : { chain: options.delegation }),
    startedMs,
    deadlineMs: parent === undefined ? deadlineMs : Math.min(deadlineMs, parent.deadlineMs - HOP_RESERVE_MS),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    accepts: acceptsOf(options),
    ...(options.continues === undefined ? {} : { continues: options.continues.callId }),
    ...(options.onNote === undefined ? {} : { note: options.onNote }),
    hops: parent?.hops ?? ([] as Did[]),
    ttlHops: parent?.ttlHops ?? TTL_HOPS,
  }
}

/** Who presents a token acts as it says; nobody is named beside it. */
function callerOf(principal: string, options: InvokeOptions, authenticated?: TokenHolder): Arrived['caller'] {
  const { onBehalfOf, issuer } = authenticated ?? options
  if (onBehalfOf !== undefined && (!isPrincipal(onBehalfOf) || onBehalfOf.startsWith('did:')))
    throw invalid('it is on behalf of agent:NAME or person:NAME')
  return {
    kind: 'own',
    principal,
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(issuer === undefined ? {} : { issuer }),
  }
}

function principalOf(options: InvokeOptions, defaultPrincipal: string, authenticated: string | undefined): string {
  const principal = authenticated ?? options.principal ?? defaultPrincipal
  if (!isPrincipal(principal) || principal.startsWith('did:')) {
    throw invalid('the principal has to be agent:NAME or person:NAME')
  }
  if (authenticated !== undefined && options.principal !== undefined && options.principal !== authenticated) {
    throw new CallError({ code: 'token_rejected' })
  }
  return principal
}

function bytesOf(args: unknown): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(args)
  } catch {
    throw invalid('the arguments cannot be written as JSON')
  }
  if (text === undefined) throw invalid('the arguments cannot be written as JSON')
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length > MAX_ARGUMENT_BYTES) throw invalid(`the arguments are larger than ${MAX_ARGUMENT_BYTES} bytes`)
  return bytes
}

function acceptsOf({ accepts = [] }: InvokeOptions): readonly InputMethod[] {
  const parsed = acceptedInputSchema.safeParse(accepts)
  if (!parsed.success) throw invalid(`accepts is a list of ${inputMethods.join(', ')}`)
  return parsed.data
}

function continuationOf(args: unknown, { callId, responses }: NonNullable<InvokeOptions['continues']>): unknown {
  if (!callIdSchema.safeParse(callId).success) throw invalid('continues names the call that asked')
  const read = inputResponsesSchema.safeParse(responses)
  if (!read.success) throw invalid('responses holds an object for each request, by its name')
  return { arguments: args ?? null, responses: read.data }
}

function labelsOf(labels: readonly Label[] | undefined): Label[] {
  const parsed = labelsSchema.safeParse(labels ?? [])
  if (!parsed.success) throw invalid('labels are PII, PCI, SECRET or TENANT:x')
  return parsed.data
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request', stage: 'receive' }, `invalid_request: ${what}.`)
}
