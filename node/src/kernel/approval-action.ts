import { sha256, taggedHash } from '@hansa/trust'
import { doneBy } from './stands-for.ts'

export type ApprovalAction = {
  principal: string
  /** For whom it acts. */
  onBehalfOf?: string | undefined
  capability: string
  capHash: string
  /** The call whose questions are answered: the same answers to others are another action. */
  continues?: string | undefined
  args: Uint8Array
}

/** What an approval is bound to: principal and for whom it acts, capability, descriptor, what it continues and argument bytes. */
export function actionHash({ capability, capHash, continues, args, ...who }: ApprovalAction): string {
  const answered = continues === undefined ? '' : `${continues}\n`
  const action = `${doneBy(who)}\n${capability}\n${capHash}\n${answered}`
  return taggedHash('action', Buffer.concat([Buffer.from(action), sha256(args)]))
}
