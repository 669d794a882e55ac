import { CallError, type DecisionNotes, decisionNotesSchema, isPrincipal } from '@hansa/protocols'

/** An agent can never approve: an approver is a person. @throws CallError `invalid_request` */
export function checkDecision(approver: string, notes: DecisionNotes): void {
  if (!isPrincipal(approver) || !approver.startsWith('person:')) {
    const message = 'Only a person decides, never an agent: an approver is named person:NAME.'
    throw new CallError({ code: 'invalid_request' }, `invalid_request: ${message}`)
  }
  if (!decisionNotesSchema.safeParse(notes).success) {
    const message = 'A reason is at most 500 characters of well-formed text.'
    throw new CallError({ code: 'invalid_request' }, `invalid_request: ${message}`)
  }
}
