import { sha256, taggedHash } from '@hansa/trust'
import { doneBy } from './stands-for.ts'

export type ApprovalAction = {
  principal: string
  /** For whom it acts. */
  onBehalfOf?: string | undefined
  capability: string
  capHash: string
  args: Uint8Array
}

/** What an approval is bound to: principal and for whom it acts, capability, descriptor and argument bytes. */
export function actionHash({ capability, capHash, args, ...who }: ApprovalAction): string {
  return taggedHash('action', Buffer.concat([Buffer.from(`${doneBy(who)}\n${capability}\n${capHash}\n`), sha256(args)]))
}
