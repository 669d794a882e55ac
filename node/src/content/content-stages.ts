/**
 * Keeping content beside the stages of a call: arguments as they are after the firewall, before the call begins; results
 * as they are after the firewall, before anything is said of them. Content that cannot be kept refuses the call, because
 * the operator said to keep it.
 */

import type { EventLogger } from '@hansa/protocols'
import { commitTo } from '@hansa/trust'
import { faultFields } from '../kernel/fault-fields.ts'
import type { Answered, Begun, Refusal, Released, Screened } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { ContentStore, ContentSubject } from './content-store.ts'

export type ContentStages = { content: ContentStore | undefined; logger: EventLogger }

type Step<I, O> = (input: I) => Promise<O | Refusal>

/** @returns `begin` itself where no arguments are kept. */
export function keepingArguments(
  begin: Step<Screened, Begun>,
  { content, logger }: ContentStages,
): Step<Screened, Begun> {
  if (content?.keeps('arguments') !== true) return begin
  return async (call) => {
    const { bytes, salt } = call.input
    // What a peer committed to stays what the log says, also where the firewall changed it; then this is another hash.
    const keeping = content.keep(subjectOf(call), 'arguments', commitTo(salt, bytes), { salt, bytes })
    const kept = await refusing(keeping, 'arguments', logger)
    if (typeof kept !== 'string') return kept
    let begun: Begun | Refusal | undefined
    try {
      begun = await begin(call)
      return begun
    } finally {
      if (begun === undefined || isRefusal(begun)) await content.discard(kept)
    }
  }
}

/** @returns `outbound` itself where no results are kept. */
export function keepingResults(
  outbound: Step<Answered, Released>,
  { content, logger }: ContentStages,
): Step<Answered, Released> {
  if (content?.keeps('result') !== true) return outbound
  return async (answered) => {
    const released = await outbound(answered)
    if (isRefusal(released)) return released
    const { output } = released
    const { raw, call } = answered
    // The log has the commitment of the peer, to the bytes that came: its salt fits where the firewall left them alone.
    const salt = output.bytes === raw.bytes && raw.salt !== undefined ? raw.salt : output.salt
    const commitment = commitTo(salt, output.bytes)
    const keeping = content.keep(subjectOf(call), 'result', commitment, { salt, bytes: output.bytes })
    const kept = await refusing(keeping, 'result', logger)
    if (typeof kept === 'string') return released
    const acted = call.target.kind === 'local' && call.target.safety !== 'READ' && answered.repeated === undefined
    return { ...kept, verdicts: released.verdicts, ...(acted ? { unknown: true } : {}) }
  }
}

async function refusing(keeping: Promise<string>, what: string, logger: EventLogger): Promise<string | Refusal> {
  try {
    return await keeping
  } catch (error) {
    logger.error('content.not_kept', faultFields(error))
    return { refused: 'internal', reason: `the ${what} cannot be kept, as the configuration demands` }
  }
}

function subjectOf({ callId, caller, target }: Screened): ContentSubject {
  const peer = caller.kind === 'peer' ? caller.did : target.kind === 'imported' ? target.peer : ''
  return { callId, principal: caller.principal, peer, capability: target.ref }
}
