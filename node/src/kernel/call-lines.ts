/** The lines of a call: how it ended, once its outcome entry is appended. What has no entry of its own has no line. */
import { type Clock, type EventLogger, parseCapabilityRef } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import { faultFields } from './fault-fields.ts'
import type { Arrived, Begun, Refused, Released, Stage } from './stages.ts'

type Audit = (ended: Released | Refused) => Appended | Promise<Appended>
export type CallLinesComponents = { logger: EventLogger; clock: Clock }

export function auditedInLines(audit: Audit, components: CallLinesComponents): Audit {
  return (ended) => {
    const appending = audit(ended)
    if (!(appending instanceof Promise)) {
      tell(ended, components)
      return appending
    }
    return appending.then((entry) => {
      tell(ended, components)
      return entry
    })
  }
}

export function stageFailed(logger: EventLogger): (stage: Stage, error: unknown, call: CallSoFar) => void {
  return (stage, error, call) =>
    logger.error('call.stage_failed', { call_id: call.callId, peer: peerOf(call), stage, ...faultFields(error) })
}

type CallSoFar = Arrived & Partial<Begun>

function tell(ended: Released | Refused, { logger, clock }: CallLinesComponents): void {
  const call: CallSoFar = ended.call
  const { caller, target } = call
  const line = {
    call_id: call.callId,
    capability: parseCapabilityRef(call.capability) === undefined ? undefined : call.capability,
    direction: caller.kind === 'peer' ? 'inbound' : target?.kind === 'imported' ? 'outbound' : 'local',
    peer: peerOf(call),
    ms: Math.round(clock.now() - call.startedMs),
  }
  if ('refused' in ended) {
    const { refused: code, stage, denialId: denial_id } = ended
    logger.info('call.refused', { ...line, code, stage, denial_id })
  } else {
    logger.debug('call.released', line)
  }
}

function peerOf({ caller, target }: CallSoFar): string | undefined {
  if (caller.kind === 'peer') return caller.did
  return target?.kind === 'imported' ? target.peer : undefined
}
