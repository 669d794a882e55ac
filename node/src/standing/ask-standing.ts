/** Asks a peer what this kernel may be trusted with there. */
import {
  type Did,
  exchangePaths,
  MAX_STANDING_ANSWER_BYTES,
  STANDING_TYP,
  type StandingExplanation,
  standingExplanationSchema,
} from '@hansa/protocols'
import { type AskInSessionComponents, askInSession, failed } from './ask-in-session.ts'

const QUESTION = { path: exchangePaths.standing, typ: STANDING_TYP, maxReplyBytes: MAX_STANDING_ANSWER_BYTES }

/** @throws CallError `not_found` for a kernel that is not imported; `remote_refused` when it gives no answer that fits. */
export async function askStanding(peer: Did, components: AskInSessionComponents): Promise<StandingExplanation> {
  const { status, value } = await askInSession(peer, QUESTION, components)
  const answer = standingExplanationSchema.safeParse(value)
  if (!answer.success || answer.data.of !== components.self || answer.data.by !== peer)
    throw failed('remote_refused', `It answered ${status}, and not with the standing of this kernel.`)
  return answer.data
}
