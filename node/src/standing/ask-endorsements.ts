/** Asks a peer whom it endorses. */
import {
  type Did,
  ENDORSEMENTS_REQUEST_TYP,
  endorsementsAnswerSchema,
  exchangePaths,
  MAX_ENDORSEMENTS_ANSWER_BYTES,
} from '@hansa/protocols'
import { type AskInSessionComponents, askInSession, failed } from './ask-in-session.ts'

const QUESTION = {
  path: exchangePaths.endorsements,
  typ: ENDORSEMENTS_REQUEST_TYP,
  maxReplyBytes: MAX_ENDORSEMENTS_ANSWER_BYTES,
}

/**
 * @returns compact JWS, of which nothing is verified
 * @throws CallError as `askInSession`, and `remote_refused` for an answer that does not fit.
 */
export async function askEndorsements(
  peer: Did,
  about: readonly Did[],
  components: AskInSessionComponents,
): Promise<string[]> {
  const { status, value } = await askInSession(peer, { ...QUESTION, more: { about } }, components)
  const answer = endorsementsAnswerSchema.safeParse(value)
  if (!answer.success) throw failed('remote_refused', `It answered ${status}, and not with endorsements.`)
  return answer.data.endorsements
}
