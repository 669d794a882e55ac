/**
 * Finds what the call is about, and refuses what needs no policy to be refused: unknown capabilities, other
 * descriptors than the caller means, loops, spent deadlines, a key that was used for something else.
 */
import type { Clock, Did, Intent } from '@hansa/protocols'
import { continuationArgumentsSchema, parseCapabilityRef, SALT_BYTES } from '@hansa/protocols'
import { commitTo, parseStrictJson } from '@hansa/trust'
import { continuationCheck } from './continuation.ts'
import { Idempotency } from './idempotency.ts'
import type { LocalCapabilities } from './local-capabilities.ts'
import type { RestoreDoubt } from './restore-doubt.ts'
import type { Arrived, ImportedTarget, Received, Refusal, Repeat, Target } from './stages.ts'
import { isRefusal } from './stages.ts'
import { doneBy } from './stands-for.ts'

export type ReceiveComponents = {
  self: Did
  clock: Clock
  locals: LocalCapabilities
  /** @returns why a capability that is known waits for an operator. */
  withheld(id: string): string | undefined
  /** @returns the imported capability, or why it is not callable now. */
  imported(ref: string): ImportedTarget | Refusal
  /** Why the call may not be, because something of it was revoked. */
  revoked(arrived: Arrived, target: Target): Refusal | undefined
  idempotency: Idempotency
  /** @default no restore is remembered */
  doubt?: Pick<RestoreDoubt, 'holds'>
}

export function receiveStage(components: ReceiveComponents): (arrived: Arrived) => Promise<Received | Refusal> {
  const { locals } = components
  return async (arrived) => {
    const late = refuseEarly(arrived, components)
    if (late !== undefined) return late
    const target = findTarget(arrived, components)
    if (isRefusal(target)) return target
    const revoked = components.revoked(arrived, target)
    if (revoked !== undefined) return revoked
    if (arrived.capHash !== undefined && arrived.capHash !== target.hash) {
      return { refused: 'descriptor_mismatch', reason: `the caller means descriptor ${arrived.capHash}` }
    }
    if (arrived.mayHaveRun === true && target.safety !== 'READ' && arrived.idempotencyKey === undefined) {
      const reason = `attempt ${arrived.retryOf} was looked at here, so this one does not act`
      return { refused: 'outcome_unknown', reason, unknown: true }
    }
    const absence = target.kind === 'local' ? locals.absenceOf(target.id) : undefined
    if (absence !== undefined) return { refused: 'busy', reason: absence }
    const forgotten = refuseForgotten(arrived, target, components)
    if (forgotten !== undefined) return forgotten
    const parsed = parseStrictJson(arrived.args, 'payload')
    if (!parsed.ok) return { refused: 'invalid_request', reason: `arguments: ${parsed.reason}` }
    if (arrived.continues !== undefined && !continuationArgumentsSchema.safeParse(parsed.value).success)
      return { refused: 'invalid_request', reason: 'a call that continues another one carries arguments and responses' }
    const repeat = await claimKey(arrived, target, components)
    if (repeat !== undefined && isRefusal(repeat)) return repeat
    return {
      ...arrived,
      target: arrived.continues === undefined ? target : { ...target, input: continuationCheck(target.input) },
      value: parsed.value,
      ...(repeat === undefined ? {} : { repeat }),
    }
  }
}

function refuseEarly(arrived: Arrived, { clock, self }: ReceiveComponents): Refusal | undefined {
  if (clock.now() >= arrived.deadlineMs)
    return { refused: 'deadline', reason: 'the deadline passed before the call was looked at' }
  if (arrived.signal?.aborted === true) return { refused: 'deadline', reason: 'the caller cancelled' }
  if (arrived.hops.includes(self)) return { refused: 'invalid_request', reason: 'loop: this kernel is among the hops' }
  return arrived.caller.kind === 'peer' ? refuseIntent(arrived, arrived.caller.intent) : undefined
}

/** What only an intent can get wrong. It is signed, so the refusal is too. */
function refuseIntent(arrived: Arrived, intent: Intent): Refusal | undefined {
  if (arrived.salt.length !== SALT_BYTES || commitTo(arrived.salt, arrived.args) !== intent.args_c) {
    return { refused: 'invalid_request', reason: 'the arguments are not those the intent commits to' }
  }
  return undefined
}

function findTarget(arrived: Arrived, { locals, withheld, imported }: ReceiveComponents): Target | Refusal {
  const ref = parseCapabilityRef(arrived.capability)
  if (ref === undefined) return { refused: 'invalid_request', reason: 'not a capability reference' }
  if (ref.alias === undefined) {
    const reason = withheld(ref.id) ?? `no capability ${ref.id} is registered`
    return locals.find(ref.id) ?? { refused: 'not_found', reason }
  }
  if (arrived.caller.kind === 'peer')
    return { refused: 'not_found', reason: 'imported capabilities are not served to peers' }
  if (arrived.ttlHops < 1) return { refused: 'invalid_request', reason: 'loop: no hops are left' }
  return imported(arrived.capability)
}

/** A further attempt of a call whose first one may have acted before a restore, and is forgotten. */
function refuseForgotten(arrived: Arrived, target: Target, { doubt, clock }: ReceiveComponents): Refusal | undefined {
  const repeats = arrived.retryOf !== undefined && arrived.idempotencyKey === undefined
  if (!repeats || arrived.caller.kind !== 'peer' || target.safety === 'READ') return undefined
  if (doubt?.holds(clock.now()) !== true) return undefined
  return { refused: 'outcome_unknown', reason: FORGOTTEN, unknown: true }
}

const FORGOTTEN =
  'this kernel was restored from a backup less than a day ago: whether this call acted before that is not known'

/** The kernel that acts keeps the key; for an imported capability that is the peer. */
async function claimKey(
  arrived: Arrived,
  target: Target,
  { idempotency, doubt, clock }: ReceiveComponents,
): Promise<Repeat | Refusal | undefined> {
  if (arrived.idempotencyKey === undefined || target.kind === 'imported') return undefined
  const scope = scopeOf(arrived, target.ref, arrived.idempotencyKey)
  const claim = await idempotency.claim(scope, arrived.callId, arrived.argsCommitment)
  if (claim.state === 'new') {
    if (doubt?.holds(clock.now()) !== true || target.safety === 'READ' || target.idempotent) return undefined
    idempotency.end(arrived.callId, 'none')
    return { refused: 'outcome_unknown', reason: FORGOTTEN, unknown: true }
  }
  if (claim.state === 'other_arguments') {
    return { refused: 'invalid_request', reason: 'the idempotency key was used with other arguments' }
  }
  if (claim.state === 'running')
    return { refused: 'busy', reason: `call ${claim.callId} with this key is still running` }
  if (claim.state === 'done') {
    const result = await idempotency.result(scope, claim.callId)
    if (result !== undefined) return { callId: claim.callId, result }
  }
  if (!target.idempotent) {
    return { refused: 'outcome_unknown', reason: `whether call ${claim.callId} acted is not known`, unknown: true }
  }
  if (await idempotency.takeOver(scope, claim.callId, arrived.callId, arrived.argsCommitment)) return undefined
  return { refused: 'busy', reason: 'another call with this key has just begun' }
}

export function scopeOf(arrived: Arrived, capability: string, key: string): string {
  const issuer = arrived.caller.kind === 'peer' ? arrived.caller.did : doneBy(arrived.caller)
  return Idempotency.scopeOf(issuer, capability, key)
}
